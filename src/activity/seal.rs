//! Sealing: XChaCha20-Poly1305 under a random key per person, nonce in front, as hexadecimal text.

use crate::error::{Error, Result};
use anyhow::anyhow;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

pub struct SealingKey([u8; 32]);

impl SealingKey {
    pub fn generate() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|cause| Error::Internal(anyhow!("no random numbers: {cause}")))?;
        Ok(SealingKey(key))
    }

    pub fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    pub fn from_text(text: &str) -> Result<Self> {
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(SealingKey).ok_or_else(|| Error::Internal(anyhow!("a sealing key is damaged")))
    }

    pub fn seal(&self, text: &str) -> Result<String> {
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).map_err(|cause| Error::Internal(anyhow!("no random numbers: {cause}")))?;
        let sealed = XChaCha20Poly1305::new(&self.0.into()).encrypt(XNonce::from_slice(&nonce), text.as_bytes());
        let sealed = sealed.map_err(|_| Error::Internal(anyhow!("a value can't be sealed")))?;
        Ok(format!("{}{}", hex::encode(nonce), hex::encode(sealed)))
    }

    /// None where the text was sealed under another key, or altered.
    pub fn open(&self, sealed: &str) -> Option<String> {
        let bytes = hex::decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(24)?;
        let text = XChaCha20Poly1305::new(&self.0.into()).decrypt(XNonce::from_slice(nonce), sealed).ok()?;
        String::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_what_was_sealed() {
        let (ada, bob) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
        let sealed = ada.seal("ada@example.com").unwrap();
        assert!(!sealed.contains("ada"));
        assert_eq!(ada.open(&sealed).as_deref(), Some("ada@example.com"));
        assert_eq!(bob.open(&sealed), None);
        assert_eq!(SealingKey::from_text(&ada.to_text()).unwrap().open(&sealed).as_deref(), Some("ada@example.com"));
        assert_ne!(ada.seal("x").unwrap(), ada.seal("x").unwrap());
    }
}
