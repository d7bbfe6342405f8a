//! HTTP/2 floods and stalls against `hostel serve`, sent as raw frames: the process keeps serving
//! other clients, and its resources are released.

use super::client::{SOON, patiently};
use super::program::{Place, Serving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Error codes of RFC 9113, section 7.
const PROTOCOL_ERROR: u32 = 1;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Number of frames, or of pairs of frames, in most floods. Some floods have ten times as many.
const FLOOD: u32 = 50_000;

/// Memory must grow by less than this many MiB. It may grow, because the allocator keeps freed
/// memory.
const KEPT: usize = 64;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Encodes a literal header whose name has this index in the static table (RFC 7541, appendix A).
/// With index 0, encodes a literal name, which its value must follow.
fn header(index: u8, value: &str) -> Vec<u8> {
    let mut header = vec![index, u8::try_from(value.len()).unwrap()];
    header.extend(value.as_bytes());
    header
}

/// Encodes the headers of a `POST`.
fn head(path: &str) -> Vec<u8> {
    [vec![0x83, 0x86], header(4, path), header(1, "a")].concat()
}

fn mirrors() -> Vec<u8> {
    head("/services/guests.mirrors")
}

/// Returns the id of the client's stream with this number.
fn stream(number: u32) -> u32 {
    number * 2 + 1
}

struct Frame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

/// A client that sends and receives raw frames.
struct Raw(TcpStream);

impl Raw {
    /// Opens an HTTP/2 connection with these settings.
    async fn new(serving: &Serving, settings: &[u8]) -> Self {
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        let begin =
            [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &*frame(SETTINGS, 0, 0, settings)].concat();
        stream.write_all(&begin).await.unwrap();
        Raw(stream)
    }

    /// Sends these frames. Stops early if the server closes the connection or stops reading.
    async fn flood(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let mut bytes = Vec::new();
        let mut frames = frames.into_iter().peekable();
        while let Some(frame) = frames.next() {
            bytes.extend(frame);
            if bytes.len() > 32 << 10 || frames.peek().is_none() {
                let sent = timeout(5 * SOON, self.0.write_all(&bytes)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
                bytes.clear();
            }
        }
    }

    /// Returns the next frame, or `None` if the server has closed the connection.
    async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let [_, a, b, kind, flags, ..] = head;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([a, b]))];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, payload })
    }

    /// Reads until the server closes the connection. Returns the error code of the last GOAWAY
    /// frame, or `None` if no such frame has arrived.
    async fn error(&mut self) -> Option<u32> {
        let mut error = None;
        while let Some(Frame { kind, payload, .. }) = patiently("the end", self.frame()).await {
            if kind == GOAWAY {
                error = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
        error
    }
}

/// A server and its resource usage before an attack.
struct Before {
    serving: Serving,
    files: usize,
    memory: usize,
    _place: Place,
}

impl Before {
    async fn new(lines: &str) -> Self {
        let place = Place::with_guests(lines);
        let mut serving = place.serve();
        serving.check_serves("nothing").await;
        let (files, memory) = (serving.files(), serving.memory());
        Before { serving, files, memory, _place: place }
    }

    /// Checks that other clients are served, and that memory has grown by less than `KEPT`.
    async fn check_serves(&mut self, what: &str) {
        self.serving.check_serves(what).await;
        let memory = self.serving.memory();
        assert!(memory < self.memory + KEPT, "{what}: {} MiB, then {memory}", self.memory);
    }

    /// Checks that closed connections leave no resources behind.
    async fn check_is_as_before(&mut self, what: &str) {
        self.until_idle().await;
        self.check_serves(what).await;
    }

    /// Waits until no call is in progress and connections are closed: only then are their resources
    /// released.
    async fn until_idle(&mut self) {
        self.serving.until_metric("hostel_calls_under_way", 0).await;
        self.serving.until_files(self.files + 2).await;
    }
}

/// Floods a server. Checks the error that ends the connection, if one is expected, and that other
/// clients are served.
async fn check(
    before: &mut Before,
    what: &str,
    frames: impl IntoIterator<Item = Vec<u8>>,
    error: Option<u32>,
) {
    let mut raw = Raw::new(&before.serving, &[]).await;
    raw.flood(frames).await;
    before.check_serves(what).await;
    if error.is_some() {
        // The GOAWAY frame may be lost while the client is still sending.
        let ended = raw.error().await;
        assert!(ended.is_none() || ended == error, "{what}: {ended:?}");
    }
    drop(raw);
    before.check_is_as_before(what).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_ends_its_connection_or_costs_nothing() {
    let mut server = Before::new("").await;
    let server = &mut server;

    let resets = (0..FLOOD).map(|number| {
        let open = frame(HEADERS, END_HEADERS | END_STREAM, stream(number), &mirrors());
        [open, frame(RST_STREAM, 0, stream(number), &[0, 0, 0, 8])].concat()
    });
    check(server, "streams opened and reset", resets, Some(ENHANCE_YOUR_CALM)).await;

    let part = [header(0, "x-a"), header(0, "1")[1..].to_vec()].concat();
    let parts = (0..FLOOD).map(|number| match number {
        0 => frame(HEADERS, END_STREAM, 1, &mirrors()),
        _ => frame(CONTINUATION, 0, 1, &part),
    });
    check(server, "a head without an end", parts, Some(ENHANCE_YOUR_CALM)).await;

    let nothing = (0..FLOOD).map(|number| match number {
        0 => frame(HEADERS, END_STREAM, 1, &mirrors()),
        _ => frame(CONTINUATION, 0, 1, &[]),
    });
    check(server, "a head that goes on with nothing", nothing, Some(ENHANCE_YOUR_CALM)).await;

    let empty = (0..FLOOD).map(|number| match number {
        0 => frame(HEADERS, END_HEADERS, 1, &mirrors()),
        _ => frame(DATA, 0, 1, &[]),
    });
    check(server, "empty pieces of a body", empty, Some(ENHANCE_YOUR_CALM)).await;

    let updates = (0..FLOOD).map(|_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]));
    check(server, "tiny updates of a window", updates, None).await;
    let zero = [frame(WINDOW_UPDATE, 0, 0, &[0; 4])];
    check(server, "an update by nothing", zero, Some(PROTOCOL_ERROR)).await;

    let priorities = (0..FLOOD).map(|number| frame(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 9]));
    check(server, "priorities", priorities, None).await;
    let unknown = (0..FLOOD).map(|_| frame(0xbb, 0, 0, &[0; 64]));
    check(server, "frames of unknown types", unknown, None).await;

    // The client never reads the server's responses to pings and settings.
    let pings = (0..10 * FLOOD).map(|_| frame(PING, 0, 0, &[7; 8]));
    check(server, "pings", pings, None).await;
    let settings = (0..10 * FLOOD).map(|_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9]));
    check(server, "settings", settings, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_grow_when_they_are_unpacked_end_their_connection() {
    let mut server = Before::new("").await;
    // A 4,000-byte header is added to the table, then referenced 12,000 times with one byte each:
    // 48 MB.
    let value = [vec![0x40, 1, b'x', 0x7f, 0xa1, 0x1e], vec![b'v'; 4_000]].concat();
    let bomb = [mirrors(), value, vec![0xbe; 12_000]].concat();
    let heads =
        (0..50).map(|number| frame(HEADERS, END_HEADERS | END_STREAM, stream(number), &bomb));
    check(&mut server, "headers that grow", heads, Some(ENHANCE_YOUR_CALM)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_may_have_many_streams_one_after_another() {
    const STREAMS: u32 = 100_000;
    const AT_ONCE: u32 = 50;
    let mut server = Before::new("").await;
    let mut raw = Raw::new(&server.serving, &[]).await;
    raw.0.write_all(&frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0, 0, 0])).await.unwrap();
    let head = head("/none");
    let (mut begun, mut ended) = (0, 0);
    while ended < STREAMS {
        let mut frames = Vec::new();
        while begun < STREAMS && begun < ended + AT_ONCE {
            frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream(begun), &head));
            begun += 1;
        }
        raw.0.write_all(&frames).await.unwrap();
        let Frame { kind, flags, payload } = patiently("an answer", raw.frame()).await.unwrap();
        assert!(![GOAWAY, RST_STREAM].contains(&kind), "after {ended}: {payload:?}");
        ended += u32::from([HEADERS, DATA].contains(&kind) && flags & END_STREAM != 0);
    }
    server.check_serves("many streams").await;
    drop(raw);
    server.check_is_as_before("many streams").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_whose_windows_stay_closed_are_dropped() {
    // With a low `memory` setting, the engine keeps little memory of instances that have ended.
    let lines = "[server]\nwrite-time = \"500ms\"\nmemory = \"2GiB\"\n\
                 [limits]\nresponse = \"64MiB\"\ntime = \"20s\"\n";
    let mut server = Before::new(lines).await;
    let large = head("/services/guests.returns-too-much");
    for _ in 0..3 {
        let mut raw = Raw::new(&server.serving, &[0, 4, 0, 0, 0, 0]).await;
        let heads =
            (0..20).map(|number| frame(HEADERS, END_HEADERS | END_STREAM, stream(number), &large));
        raw.flood(heads).await;
        while let Some(Frame { kind, payload, .. }) = patiently("the end", raw.frame()).await {
            assert!(kind != DATA || payload.is_empty(), "the window is shut");
        }
        drop(raw);
        server.until_idle().await;
        // A round may raise the baseline by up to 160 MiB: the engine keeps memory for later
        // instances.
        server.memory = server.memory.max(server.serving.memory().min(server.memory + 160));
        server.check_is_as_before("windows that stay shut").await;
    }
}
