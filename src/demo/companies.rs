//! Made-up companies that the users of the demo work for.

use super::random::Random;
use crate::users::fold;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub name: String,
    /// Under .example, which nobody can own (RFC 2606).
    pub domain: String,
}

const KNOWN: [(&str, &str); 14] = [
    ("Brightwater Clinics", "brightwater.example"),
    ("Łódzkie Zakłady", "lodzkie.example"),
    ("São Bento Logística", "saobento.example"),
    ("山田商事", "yamada.example"),
    ("O'Hara & Daughters", "ohara.example"),
    ("Nordlys Rederi A/S", "nordlys.example"),
    ("Müller & Söhne GmbH", "mueller-soehne.example"),
    ("Okonkwo Freight", "okonkwo.example"),
    ("Société des Crêpes Réunies", "crepes.example"),
    ("Baobab Insurance", "baobab.example"),
    ("Новая Волна", "novaya-volna.example"),
    ("شركة النخيل", "alnakheel.example"),
    ("Peñasco Solar", "penasco.example"),
    ("Tiruvalluvar Textiles", "tiruvalluvar.example"),
];

#[rustfmt::skip]
const PLACES: [&str; 24] = [
    "Alder", "Bexley", "Calloway", "Dunmore", "Elmhurst", "Fairhaven", "Glenrock", "Hollis", "Ironwood", "Juniper",
    "Kestrel", "Larkspur", "Marlowe", "Northgate", "Orchard", "Pinecrest", "Quarry", "Redwing", "Stonebridge",
    "Thornbury", "Umber", "Vale", "Westmere", "Yarrow",
];
#[rustfmt::skip]
const TRADES: [&str; 16] = [
    "Dental", "Logistics", "Roofing", "Energy", "Travel", "Legal", "Foods", "Realty", "Motors", "Health", "Media",
    "Staffing", "Textiles", "Security", "Printing", "Marine",
];

/// The companies of an account with so many users: fourteen, and a few hundred more where it is very large.
pub fn of_account(users: u32) -> Vec<Company> {
    let known = KNOWN.iter().map(|(name, domain)| Company { name: (*name).into(), domain: (*domain).into() });
    let more = TRADES.iter().flat_map(|trade| PLACES.iter().map(move |place| format!("{place} {trade}")));
    let more = more.map(|name| Company { domain: format!("{}.example", fold(&name).replace(' ', "-")), name });
    known.chain(more.take(users as usize / 2500)).collect()
}

/// One of them: those at the front are large, those at the end small.
pub fn draw<'a>(companies: &'a [Company], random: &mut Random) -> &'a Company {
    let one = random.below(companies.len());
    let other = random.below(companies.len());
    &companies[one.min(other)]
}
