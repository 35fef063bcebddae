//! The extractors that guard handlers.

use super::permissions::{Needed, Permission};
use super::{Actor, Site, Viewer};
use crate::app::App;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::sessions::{self, Known};
use crate::web::address;
use crate::web::flash::Flash;
use crate::web::page::{Page, Scheme};
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::pin::Pin;

/// What a route asks of those who call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing, on any host: health, assets.
    Nothing,
    /// A host that is somebody's: sign-in and the like.
    Site,
    /// A signed-in user with this permission.
    Permission(Permission),
    /// An operator, on the shared host.
    Operator,
    /// A program with an API token, on a host of its account. Cookies count for nothing there.
    Token,
}

/// A first argument of a handler that says who may call it.
pub trait Access {
    const NEEDS: Needs;
}

/// The arguments of a handler that starts with an [`Access`]: what [`crate::routes`] accepts.
pub trait Guard {
    const NEEDS: Needs;
}

impl<A: Access> Guard for (A,) {
    const NEEDS: Needs = A::NEEDS;
}
impl<A: Access, B> Guard for (A, B) {
    const NEEDS: Needs = A::NEEDS;
}
impl<A: Access, B, C> Guard for (A, B, C) {
    const NEEDS: Needs = A::NEEDS;
}
impl<A: Access, B, C, D> Guard for (A, B, C, D) {
    const NEEDS: Needs = A::NEEDS;
}

pub(super) type Extraction<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

pub(super) fn app_of(req: &HttpRequest) -> Result<web::Data<App>> {
    let app = req.app_data::<web::Data<App>>().cloned();
    app.ok_or_else(|| Error::Internal(anyhow::anyhow!("the application is not registered")))
}

/// The Host header, or the authority of an absolute request line.
pub(super) fn host_of(req: &HttpRequest) -> String {
    let header = req.headers().get(actix_web::http::header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| req.uri().authority().map(|authority| authority.as_str())).unwrap_or_default().to_owned()
}

/// A signed-in user who has the permission `P`.
pub struct Can<P> {
    pub actor: Actor,
    pub viewer: Viewer,
    pub db: Db,
    pub app: web::Data<App>,
    pub page: Page,
    permission: PhantomData<P>,
}

impl<P: Needed> Access for Can<P> {
    const NEEDS: Needs = Needs::Permission(P::PERMISSION);
}

impl<P: Needed> FromRequest for Can<P> {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed_in = signed_in(req.clone());
        Box::pin(async move {
            let (app, viewer, _, page, actor) = signed_in.await?;
            if !actor.permissions.has(P::PERMISSION) {
                return Err(Error::Forbidden);
            }
            Ok(Can { actor, viewer, db: app.db.clone(), app, page, permission: PhantomData })
        })
    }
}

/// An operator, on the shared host. Elsewhere these pages do not exist.
pub struct Operator {
    pub db: Db,
    pub app: web::Data<App>,
    pub page: Page,
}

impl Access for Operator {
    const NEEDS: Needs = Needs::Operator;
}

impl FromRequest for Operator {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed_in = signed_in(req.clone());
        Box::pin(async move {
            let (app, viewer, site, page, _) = signed_in.await?;
            match (site, viewer.is_operator()) {
                (Site::Shared, true) => Ok(Operator { db: app.db.clone(), app, page }),
                (Site::Shared, false) => Err(Error::Forbidden),
                (Site::Account(_), _) => Err(Error::NotFound),
            }
        })
    }
}

/// Session, user, account and site in one trip to the database.
async fn signed_in(req: HttpRequest) -> Result<(web::Data<App>, Viewer, Site, Page, Actor)> {
    let app = app_of(&req)?;
    let host = host_of(&req);
    let address = address::client(&req, &app.config.trusted_proxies);
    let key_hash = sessions::key_hash_of(&req.get_session());
    let now = clock::now();
    let (site, viewer) = {
        let (app_, key_hash) = (app.clone(), key_hash.clone());
        app.db
            .read(move |conn| {
                let site = Site::of(conn, &app_, &host)?;
                let viewer = match key_hash {
                    Some(hash) => Viewer::load(conn, &hash, now)?,
                    None => None,
                };
                Ok((site, viewer.filter(|viewer| site.welcomes(viewer.account, viewer.shared_host))))
            })
            .await?
    };
    let (Some(viewer), Some(key_hash)) = (viewer, key_hash) else {
        return Err(Error::SignInRequired { back: back_to(&req) });
    };
    if sessions::needs_touch(viewer.last_seen, now) {
        let (account, user, touched) = (viewer.account, viewer.user, key_hash.clone());
        let touched = app.db.write(move |conn| sessions::touch(conn, account, user, &touched, now)).await;
        // The page is worth more than the note that it was read: reading goes on where nothing can be saved.
        if let Err(error) = touched {
            tracing::warn!(%error, "that a session is in use could not be noted");
        }
    }
    let actor = Actor::of(&viewer, key_hash, address);
    let page = Page::new(&req, &viewer, site);
    Ok((app, viewer, site, page, actor))
}

/// Where to go after signing in. What was sent by POST is lost, so its page is not asked again.
fn back_to(req: &HttpRequest) -> String {
    let wanted = req.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    if req.method().is_safe() { wanted.to_owned() } else { "/".to_owned() }
}

/// Anybody, on a host that is somebody's. Signed-out pages only.
pub struct Visitor {
    pub app: web::Data<App>,
    pub db: Db,
    pub site: Site,
    pub address: String,
    pub device: String,
    pub scheme: Scheme,
    pub flash: Option<Flash>,
    /// By what this browser is known, if somebody has signed in with it.
    pub known: Option<Known>,
    /// Whether the browser already holds a session that counts here.
    pub signed_in: bool,
}

impl Access for Visitor {
    const NEEDS: Needs = Needs::Site;
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let app = app_of(&req)?;
            let host = host_of(&req);
            let key_hash = sessions::key_hash_of(&req.get_session());
            let app_ = app.clone();
            let (site, signed_in) = app
                .db
                .read(move |conn| {
                    let site = Site::of(conn, &app_, &host)?;
                    let viewer = match key_hash {
                        Some(hash) => Viewer::load(conn, &hash, clock::now())?,
                        None => None,
                    };
                    Ok((site, viewer.is_some_and(|viewer| site.welcomes(viewer.account, viewer.shared_host))))
                })
                .await?;
            Ok(Visitor {
                address: address::client(&req, &app.config.trusted_proxies),
                device: address::device(&req),
                scheme: Scheme::of(&req),
                flash: Flash::take(&req),
                known: Known::of(&req, &app.config),
                db: app.db.clone(),
                app,
                site,
                signed_in,
            })
        })
    }
}

/// Anybody, on any host: health and assets, which are nobody's.
pub struct Anyone {
    pub app: web::Data<App>,
}

impl Access for Anyone {
    const NEEDS: Needs = Needs::Nothing;
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(app_of(req).map(|app| Anyone { app }))
    }
}
