//! The proxy for clients that have the vendor's hosts built in: who may use it, where it may lead,
//! and what answers in the vendor's place.

use crate::listener::AnyBody;
use accounts::authenticate;
use axum::body::Body;
use clientproxy::{Authorise, ClientProxy, LocalCa, TunnelPolicy, VendorOrigin, VendorService};
use context::Context;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use outbound::AddressPolicy;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The proxy, answering in the vendor's place with the API's own routes.
pub(crate) fn proxy(cx: &Context, api: axum::Router, policy: AddressPolicy, ca: LocalCa) -> Arc<ClientProxy> {
    let authorised = cx.clone();
    let authorise: Authorise = Arc::new(move |token| {
        let cx = authorised.clone();
        Box::pin(async move { authenticate(&cx, &token).await.is_ok_and(|who| who.build.is_none()) })
    });
    let vendor: VendorService = Arc::new(move |request| {
        let api = api.clone();
        Box::pin(async move { answer(api, request.map(Body::new)).await })
    });
    let tunnel: TunnelPolicy = Arc::new(move |_, _, address| policy.permits(address));
    Arc::new(ClientProxy::new(ca, vendor, authorise, tunnel))
}

/// Asks the API, as the person whose token opened the connection where the request names nobody.
async fn answer(api: axum::Router, mut request: Request<Body>) -> Response<clientproxy::ResponseBody> {
    let token = request.extensions().get::<VendorOrigin>().map(|origin| origin.token.expose().to_owned());
    if let Some(token) = token.filter(|_| !request.headers().contains_key(header::AUTHORIZATION))
        && let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}"))
    {
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    let Ok(response) = api.oneshot(request).await;
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// Hands a CONNECT request to the proxy.
pub(crate) async fn connect(
    proxy: Arc<ClientProxy>,
    request: Request<hyper::body::Incoming>,
) -> Response<AnyBody> {
    proxy.connect(request).await.map(AnyBody::Proxy)
}
