//! A server on loopback that sends exactly the bytes that a test defines.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server's reaction to a request.
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// The server's action after it has sent the bytes of a reply.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Then {
    /// Reads the next request of the connection.
    Next,
    /// Closes the connection.
    Close,
    /// Sends nothing more, but keeps the connection open.
    Wait,
    /// Sends the same bytes again and again.
    Repeat,
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Reply { bytes: text.as_bytes().to_vec(), then: Then::Next }
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl Reply {
    pub(super) fn then(text: &str, then: Then) -> Self {
        Reply { then, ..text.into() }
    }
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    pub(super) async fn new(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Server::with(move |request| std::future::ready(answer(&request))).await
    }

    pub(super) async fn with<F: Future<Output = Reply> + Send + 'static>(
        answer: impl Fn(String) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, answer) = (Arc::<Seen>::default(), Arc::new(answer));
        let of_task = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (seen, answer) = (Arc::clone(&of_task), Arc::clone(&answer));
                tokio::spawn(async move {
                    let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most.fetch_max(open, Ordering::SeqCst);
                    serve(stream, &seen, &*answer).await;
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Server { address, seen, task }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the requests received so far, each with its head and body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(super) fn most_connections(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F: Future<Output = Reply>>(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Seen,
    answer: &impl Fn(String) -> F,
) {
    while let Some(request) = read(&mut stream).await {
        seen.requests.lock().unwrap().push(request.clone());
        let Reply { bytes, then } = answer(request).await;
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        match then {
            Then::Next => {}
            Then::Close => return,
            // Wait until the client closes the connection.
            Then::Wait => return drop(stream.read_to_end(&mut Vec::new()).await),
            Then::Repeat => while stream.write_all(&bytes).await.is_ok() {},
        }
    }
}

/// Reads the head and the body of one request. Returns `None` if the client closes the connection
/// before the request is complete.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut end, mut length) = (None, 0);
    while end.is_none_or(|end| bytes.len() < end + length) {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
        if end.is_none() {
            end = bytes.windows(4).position(|it| it == b"\r\n\r\n").map(|at| at + 4);
            let head = String::from_utf8_lossy(&bytes).to_lowercase();
            let value = head.split("content-length: ").nth(1).and_then(|it| it.lines().next());
            length = value.and_then(|it| it.parse().ok()).unwrap_or_default();
        }
    }
    Some(String::from_utf8(bytes).unwrap())
}
