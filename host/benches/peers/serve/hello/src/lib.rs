//! Responds to every request with the same text, through `wasi:http`.

#![cfg(target_family = "wasm")]

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

/// A body as long as the other servers' response.
const BODY: &[u8] =
    br#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let headers = [
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("content-length".to_owned(), BODY.len().to_string().into_bytes()),
            ("x-request-id".to_owned(), b"0123456789abcdef".to_vec()),
        ];
        let headers = Fields::from_list(&headers).expect("these are headers");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("it has not been taken yet");
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().expect("it has not been taken yet");
        stream.blocking_write_and_flush(BODY).expect("the client reads");
        drop(stream);
        OutgoingBody::finish(body, None).expect("the body is whole");
    }
}
