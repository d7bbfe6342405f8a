//! `hostel:http/client`: requests to other servers.
//!
//! Grant: `http` of [`Grants`](crate::grants::Grants), by default empty. The interface is
//! unavailable while a plugin lists its services.

use super::linkage::Linkage;
use super::state::{Capabilities, State};
use crate::bindings::hostel::http::client::{Error, ErrorKind, Request, Response};
use crate::outbound::{SendError, SendErrorKind, SendRequest, SendResponse, Sending};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:http/client@0.1.0";

/// Links both functions. They are asynchronous with either linkage: the guest is suspended while it
/// waits for responses.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, _: Linkage) -> wasmtime::Result<()> {
    let mut import = linker.instance(IMPORT)?;
    import.func_wrap_async(
        "send",
        |mut store: StoreContextMut<'_, State>, (request,): (Request,)| {
            let opened = open(store.data_mut());
            Box::new(async move {
                let (capabilities, sending) = match opened {
                    Ok(opened) => opened,
                    Err(error) => return Ok((Err(error),)),
                };
                let result = capabilities.outbound.send(request.into(), &sending).await;
                Ok((result.map(Response::from).map_err(Error::from),))
            })
        },
    )?;
    import.func_wrap_async(
        "send-many",
        |mut store: StoreContextMut<'_, State>, (requests,): (Vec<Request>,)| {
            let opened = open(store.data_mut());
            Box::new(async move {
                let (capabilities, sending) = match opened {
                    Ok(opened) => opened,
                    Err(error) => {
                        let refused = requests.iter().map(|_| Err(error.clone()));
                        return Ok((refused.collect::<Vec<Result<Response, Error>>>(),));
                    }
                };
                let requests = requests.into_iter().map(SendRequest::from).collect();
                let outbound = Arc::clone(&capabilities.outbound);
                let results = outbound.send_many(requests, Arc::new(sending)).await;
                let results = results.into_iter();
                let each = |it: Result<SendResponse, SendError>| {
                    it.map(Response::from).map_err(Error::from)
                };
                Ok((results.map(each).collect(),))
            })
        },
    )
}

/// Returns the plugin's capabilities, and the context for the requests of this host call. Returns
/// an error while the plugin lists its services.
fn open(state: &mut State) -> Result<(Arc<Capabilities>, Sending), Error> {
    let capabilities = state
        .capabilities
        .clone()
        .ok_or_else(|| Error { kind: ErrorKind::Denied, message: CLOSED.to_owned() })?;
    Ok((capabilities, state.sending()))
}

const CLOSED: &str =
    "a plugin cannot send requests while it lists its services: send them from `handle`";

impl From<Request> for SendRequest {
    fn from(request: Request) -> Self {
        let Request { method, url, headers, body, timeout, redirects } = request;
        let timeout = timeout.map(|timeout| Duration::from_millis(timeout.into()));
        SendRequest { method, url, headers, body, timeout, redirects }
    }
}

impl From<SendResponse> for Response {
    fn from(response: SendResponse) -> Self {
        let SendResponse { status, url, headers, body } = response;
        Response { status, url, headers, body }
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        let kind = match error.kind {
            SendErrorKind::InvalidRequest => ErrorKind::InvalidRequest,
            SendErrorKind::Denied => ErrorKind::Denied,
            SendErrorKind::Unreachable => ErrorKind::Unreachable,
            SendErrorKind::Timeout => ErrorKind::Timeout,
            SendErrorKind::TooLarge => ErrorKind::TooLarge,
            SendErrorKind::Aborted => ErrorKind::Aborted,
        };
        Error { kind, message: error.message }
    }
}
