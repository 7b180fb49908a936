//! HTTP/2 frame by frame, as no client writes it: requests that become others in HTTP/1, and floods of frames.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::smuggling::{Seen, hyper, nginx, python};
use super::{CREDENTIAL, House, POLICY, answer, says};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// An integer of HPACK behind a prefix of `bits` bits.
fn number(value: usize, bits: u32, first: u8) -> Vec<u8> {
    let most = (1 << bits) - 1;
    if value < most {
        return vec![first | u8::try_from(value).unwrap()];
    }
    let mut out = vec![first | u8::try_from(most).unwrap()];
    let mut rest = value - most;
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).unwrap());
    out
}

/// A field, spelled out.
fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0x10][..], &number(name.len(), 7, 0), name, &number(value.len(), 7, 0), value].concat()
}

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name.as_bytes(), value.as_bytes())).collect()
}

/// What comes back of frames: type, flags, stream and payload.
fn read(bytes: &[u8]) -> Vec<(u8, u8, u32, &[u8])> {
    let (mut rest, mut all) = (bytes, Vec::new());
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let Some((payload, after)) = after.split_at_checked(length) else { break };
        all.push((head[3], head[4], stream, payload));
        rest = after;
    }
    all
}

/// How many streams were answered with 200, which is one byte in the first head of a connection and in later ones.
fn answered(bytes: &[u8]) -> usize {
    read(bytes).iter().filter(|(kind, _, _, payload)| *kind == HEADERS && payload.first() == Some(&0x88)).count()
}

/// The error that the connection ended with.
fn goaway(bytes: &[u8]) -> Option<u32> {
    let all = read(bytes);
    let (.., payload) = all.iter().find(|(kind, ..)| *kind == GOAWAY)?;
    Some(u32::from_be_bytes(payload.get(4..8)?.try_into().unwrap()))
}

/// A request on stream 1, with what an upstream may see of it.
struct Attempt {
    name: String,
    frames: Vec<u8>,
    may: Vec<String>,
    /// The bytes of its body.
    body: usize,
}

fn corpus() -> Vec<Attempt> {
    let token = format!("Bearer {CREDENTIAL}");
    let auth = ("authorization", token.as_str());
    let plain = [(":method", "GET"), (":scheme", "http"), (":authority", "g"), (":path", "/a")];
    let post = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "g"),
        (":path", "/a"),
        ("content-type", "text/plain"),
    ];
    let inside = format!("GET /hidden HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n");
    let length = inside.len().to_string();
    let mut all: Vec<Attempt> = Vec::new();
    let mut add = |name: &str, fields: &[(&str, &str)], data: &[&str], trailers: &[(&str, &str)], may: &[&str]| {
        let ends = |last: bool| if last { END_STREAM } else { 0 };
        let mut frames = frame(HEADERS, END_HEADERS | ends(data.is_empty() && trailers.is_empty()), 1, &block(fields));
        for (at, piece) in data.iter().enumerate() {
            let last = at + 1 == data.len() && trailers.is_empty();
            frames.extend(frame(DATA, ends(last), 1, piece.as_bytes()));
        }
        if !trailers.is_empty() {
            frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers)));
        }
        let may = may.iter().map(|&may| may.to_owned()).collect();
        all.push(Attempt { name: name.to_owned(), frames, may, body: data.iter().map(|piece| piece.len()).sum() });
    };
    let with = |fields: &[(&'static str, &'static str)]| {
        let mut all: Vec<(&str, &str)> = plain.to_vec();
        for (name, value) in fields {
            all.retain(|(other, _)| other != name || !name.starts_with(':'));
            all.push((name, value));
        }
        all.sort_by_key(|(name, _)| !name.starts_with(':'));
        all.push(auth);
        all
    };
    let posts = |fields: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        let mut all: Vec<(&'static str, String)> =
            post.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        all.push(("authorization", token.clone()));
        all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
        all
    };
    fn lent<'s>(fields: &'s [(&'static str, String)]) -> Vec<(&'s str, &'s str)> {
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    // Plain ones.
    add("a read", &with(&[]), &[], &[], &["GET /a"]);
    add("a body", &lent(&posts(&[])), &["words"], &[], &["POST /a"]);
    add("a body in pieces", &lent(&posts(&[])), &["wo", "", "rds"], &[], &["POST /a"]);
    add("a body like a request", &lent(&posts(&[])), &[&inside], &[], &["POST /a"]);
    add(
        "a body like a request with its length",
        &lent(&posts(&[("content-length", &length)])),
        &[&inside],
        &[],
        &["POST /a"],
    );
    add("a body like a chunk", &lent(&posts(&[])), &["0\r\n\r\n", &inside], &[], &["POST /a"]);
    add("trailers", &lent(&posts(&[])), &["words"], &[("x-note", "y")], &["POST /a"]);
    add("cookies in pieces", &with(&[("cookie", "a=b"), ("cookie", "c=d")]), &[], &[], &["GET /a"]);
    add("trailers wanted", &with(&[("te", "trailers")]), &[], &[], &["GET /a"]);
    // Paths.
    for path in [
        "/a HTTP/1.1\r\nHost: g\r\n\r\nGET /hidden",
        "/a\r\nX: y",
        "/a\nX: y",
        "/a\rX: y",
        "/a b",
        "/a\tb",
        "/a\0b",
        "/a HTTP/1.1",
        " /a",
        "/a ",
        "",
        "a",
        "*",
        "http://g/hidden",
        "//g/hidden",
        "/a/../hidden",
        "/a/..%2fhidden",
        "/a/%2e%2e/hidden",
        "/a;/../hidden",
        "/\\hidden",
        "/a\\..\\hidden",
        "/a#/hidden",
        "/a%00",
        "/a%0d%0aX:%20y",
        "/a%zz",
        "/a?x=\r\ny",
        "/a?x y",
        "/a?_method=DELETE",
        "/a\u{7f}",
        "/./hidden",
        "/a/./hidden",
        "/a//hidden",
    ] {
        add(&format!(":path {path:?}"), &with(&[(":path", path)]), &[], &[], &["GET /a"]);
    }
    // Methods.
    for method in [
        "GET /hidden HTTP/1.1\r\nX:",
        "GET\r\n",
        " GET",
        "GET ",
        "G ET",
        "",
        "get",
        "GET\0",
        "PRI",
        "CONNECT",
        "TRACE",
        "GET\thidden",
    ] {
        add(&format!(":method {method:?}"), &with(&[(":method", method)]), &[], &[], &[]);
    }
    // Authorities.
    for authority in ["g\r\nX: y", "g x", "user@g", "g/hidden", "", "g,h", "g\0", "g?x", "g#x", "g:80:80", " g", "g\tx"]
    {
        add(&format!(":authority {authority:?}"), &with(&[(":authority", authority)]), &[], &[], &["GET /a"]);
    }
    for scheme in ["", "http\r\nX: y", "http://g/hidden?", "ftp", "javascript", "ht tp"] {
        add(&format!(":scheme {scheme:?}"), &with(&[(":scheme", scheme)]), &[], &[], &["GET /a"]);
    }
    // Fields twice, or none.
    let twice = |name: &'static str, value: &'static str| {
        let mut all = vec![(name, value)];
        all.extend(with(&[]));
        all
    };
    add("two paths", &twice(":path", "/hidden"), &[], &[], &[]);
    add("two methods", &twice(":method", "DELETE"), &[], &[], &[]);
    add("two authorities", &twice(":authority", "h"), &[], &[], &[]);
    add("two schemes", &twice(":scheme", "https"), &[], &[], &[]);
    add("an unknown field of the protocol", &twice(":hidden", "x"), &[], &[], &[]);
    add(
        "an extended connect",
        &[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "http"),
            (":authority", "g"),
            (":path", "/a"),
            auth,
        ],
        &[],
        &[],
        &[],
    );
    add("a status", &twice(":status", "200"), &[], &[], &[]);
    for name in [":method", ":path", ":scheme"] {
        let fields: Vec<(&str, &str)> = with(&[]).into_iter().filter(|(other, _)| *other != name).collect();
        add(&format!("no {name}"), &fields, &[], &[], &[]);
    }
    let mut late = with(&[]);
    late.push((":path", "/hidden"));
    add("a path behind the headers", &late, &[], &[], &[]);
    add("another host", &with(&[("host", "h")]), &[], &[], &[]);
    add("two hosts", &with(&[("host", "g"), ("host", "h")]), &[], &[], &[]);
    add("the host once more", &with(&[("host", "g")]), &[], &[], &["GET /a"]);
    // Headers that belong to HTTP/1.
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("transfer-encoding", "gzip, chunked"),
        ("connection", "close"),
        ("connection", "authorization"),
        ("connection", "transfer-encoding"),
        ("keep-alive", "5"),
        ("proxy-connection", "close"),
        ("upgrade", "websocket"),
        ("upgrade", "h2c"),
        ("te", "chunked"),
        ("te", "trailers, chunked"),
        ("http2-settings", "AAMAAABk"),
        ("trailer", "content-length"),
        ("expect", "200-ok"),
        ("x-http-method-override", "DELETE"),
        ("x-original-url", "/hidden"),
    ] {
        let header = format!("{name}: {value}");
        // What is dropped is seen by nobody.
        let may: &[&str] =
            if matches!(name, "http2-settings" | "trailer" | "keep-alive" | "proxy-connection") || value == "h2c" {
                &["GET /a"]
            } else {
                &[]
            };
        add(&header, &with(&[(name, value)]), &[], &[], may);
        let may: &[&str] = if may.is_empty() { &[] } else { &["POST /a"] };
        add(&format!("{header} with a body"), &lent(&posts(&[(name, value)])), &["0\r\n\r\n", &inside], &[], may);
    }
    // Names and values that are lines.
    for name in [
        "X-Upper",
        "x note",
        "x:y",
        "x\r\ntransfer-encoding",
        "x\n",
        "x\0",
        "",
        " x",
        "x ",
        "transfer-encoding: chunked\r\nx",
        "content-length:",
        "x\u{7f}",
        "host\t",
    ] {
        add(&format!("the name {name:?}"), &with(&[(name, "chunked")]), &[], &[], &[]);
    }
    for value in [
        "y\r\ntransfer-encoding: chunked",
        "y\nz",
        "y\rz",
        "y\0z",
        "y\r\n\r\nGET /hidden HTTP/1.1\r\nHost: g\r\n\r\n",
        "\u{1}",
        "\u{7f}",
    ] {
        add(&format!("the value {value:?}"), &with(&[("x-note", value)]), &[], &[], &[]);
        add(&format!("the cookie {value:?}"), &with(&[("cookie", value)]), &[], &[], &[]);
    }
    for value in [" y", "y ", "\ty", ""] {
        add(&format!("the value {value:?}"), &with(&[("x-note", value)]), &[], &[], &["GET /a"]);
    }
    // Lengths that are not true.
    for (value, data) in [
        ("60", "words"),
        ("4", "words"),
        ("0", "words"),
        ("-1", "words"),
        ("+5", "words"),
        ("5, 5", "words"),
        ("0x5", "words"),
        ("", "words"),
        ("5 ", "words"),
        ("99999999999999999999", "words"),
        ("5\r\nx: y", "words"),
        ("1e1", "words"),
    ] {
        add(&format!("a length of {value:?}"), &lent(&posts(&[("content-length", value)])), &[data], &[], &[]);
    }
    add("a length of a body that is none", &lent(&posts(&[("content-length", &length)])), &[], &[], &[]);
    add("two lengths", &lent(&posts(&[("content-length", "5"), ("content-length", "60")])), &["words"], &[], &[]);
    add(
        "the same length twice",
        &lent(&posts(&[("content-length", "5"), ("content-length", "5")])),
        &["words"],
        &[],
        &["POST /a"],
    );
    add("a length to a read", &with(&[("content-length", "60")]), &[], &[], &[]);
    add("a body to a read", &with(&[("content-type", "text/plain")]), &[&inside], &[], &["GET /a"]);
    // Trailers.
    for (name, value) in [
        ("content-length", "60"),
        ("transfer-encoding", "chunked"),
        (":path", "/hidden"),
        ("host", "h"),
        ("authorization", "Bearer x"),
        ("x-method-override", "DELETE"),
        ("connection", "close"),
        ("X-Upper", "y"),
        ("x\r\ny", "z"),
    ] {
        add(&format!("{name:?} behind the body"), &lent(&posts(&[])), &["words"], &[(name, value)], &["POST /a"]);
    }
    // Frames out of order.
    let mut raw = |name: &str, frames: Vec<u8>, may: &[&str], body: usize| {
        all.push(Attempt { name: name.to_owned(), frames, may: may.iter().map(|&may| may.to_owned()).collect(), body });
    };
    let whole = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&with(&[])));
    let head = frame(HEADERS, END_HEADERS, 1, &block(&lent(&posts(&[]))));
    raw("a body without a head", frame(DATA, END_STREAM, 1, b"words"), &[], 0);
    raw(
        "a body behind the end",
        [whole.clone(), frame(DATA, END_STREAM, 1, inside.as_bytes())].concat(),
        &["GET /a"],
        0,
    );
    raw("a head twice", [head.clone(), head.clone()].concat(), &[], 0);
    raw("an even stream", frame(HEADERS, END_HEADERS | END_STREAM, 2, &block(&with(&[]))), &[], 0);
    raw("the stream of the connection", frame(HEADERS, END_HEADERS | END_STREAM, 0, &block(&with(&[]))), &[], 0);
    raw(
        "a stream of before",
        [frame(HEADERS, END_HEADERS | END_STREAM, 5, &block(&with(&[]))), whole.clone()].concat(),
        &["GET /a"],
        0,
    );
    raw("a promise", frame(5, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &block(&with(&[]))].concat()), &[], 0);
    raw(
        "HTTP/1 behind the preface",
        format!("GET /hidden HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n").into_bytes(),
        &[],
        0,
    );
    raw("a head that breaks off", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x10, 0x7f]), &[], 0);
    raw("a field that nobody knows", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff, 0xff, 0xff, 0x7f]), &[], 0);
    raw(
        "another frame within a head",
        [
            frame(HEADERS, 0, 1, &block(&plain)),
            frame(DATA, 0, 1, b"x"),
            frame(CONTINUATION, END_HEADERS, 1, &block(&[auth])),
        ]
        .concat(),
        &[],
        0,
    );
    raw(
        "a head in pieces",
        [frame(HEADERS, END_STREAM, 1, &block(&plain)), frame(CONTINUATION, END_HEADERS, 1, &block(&[auth]))].concat(),
        &["GET /a"],
        0,
    );
    raw("padding that is longer than its frame", frame(DATA, 8, 1, &[200, 0]), &[], 0);
    raw(
        "a body in padding",
        [head, frame(DATA, 8 | END_STREAM, 1, &[&[20][..], b"words", &[0; 20]].concat())].concat(),
        &["POST /a"],
        5,
    );
    all
}

/// Sends frames and reads until the stream has ended and its reader saw as many requests as were answered.
async fn sent(address: SocketAddr, frames: &[u8], seen: &Seen) -> Vec<u8> {
    const QUIET: Duration = Duration::from_millis(100);
    const PATIENCE: Duration = Duration::from_secs(5);
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), frames].concat()).await;
    let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match tokio::time::timeout(QUIET, stream.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => {
                got.extend_from_slice(&buffer[..read]);
                continue;
            }
            Ok(_) => tokio::time::sleep(QUIET / 10).await,
            Err(_) => {}
        }
        let over = read(&got).iter().any(|(kind, flags, ..)| match *kind {
            GOAWAY | RST_STREAM => true,
            DATA | HEADERS => flags & END_STREAM != 0,
            _ => false,
        });
        if over && answered(&got) == seen.lock().unwrap().len() || begun.elapsed() > PATIENCE {
            return got;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_what_was_judged_and_nothing_else() {
    let mut readers = vec![hyper().await];
    for (name, reader) in [("python", python()), ("nginx", nginx())] {
        match reader {
            Some(reader) => readers.push(reader),
            None => crate::testing::skipped(&format!("{name} is not here")),
        }
    }
    let corpus = corpus();
    assert!(corpus.len() >= 180, "{}", corpus.len());
    let mut wrong = Vec::new();
    for reader in readers {
        let house = House::in_front_of(&reader.address.to_string(), "record = \"async\"", POLICY).await;
        let mut taken = 0;
        for Attempt { name, frames, may, body } in &corpus {
            reader.seen.lock().unwrap().clear();
            let got = sent(house.address, frames, &reader.seen).await;
            let seen = reader.seen.lock().unwrap().clone();
            taken += seen.len();
            if seen.len() != answered(&got) {
                wrong.push(format!(
                    "{}: {name} was seen as {seen:?}, and {} were answered",
                    reader.name,
                    answered(&got)
                ));
            }
            for one in &seen {
                let (what, length) = one.rsplit_once(' ').unwrap();
                // nginx counts the head as well.
                let whole = reader.name == "nginx" || length == body.to_string();
                if !may.iter().any(|may| may == what) || !whole {
                    wrong.push(format!("{}: {name} of {body} bytes was seen as {seen:?}", reader.name));
                }
            }
            if got.is_empty() {
                wrong.push(format!("{}: {name} has no answer", reader.name));
            }
        }
        assert!(taken >= 20, "{} took {taken}", reader.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sends pieces until the other side has enough of them, and says how many bytes it took. What it said is read beside.
async fn flood(
    address: SocketAddr,
    first: &[u8],
    mut piece: impl FnMut(u32) -> Vec<u8>,
    most: u32,
) -> (usize, Vec<u8>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reads, mut writes) = stream.into_split();
    let told = tokio::spawn(async move {
        let mut got = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), reads.read_to_end(&mut got)).await;
        got
    });
    let mut count = 0;
    let begins = [PREFACE, &frame(SETTINGS, 0, 0, &[]), first].concat();
    if writes.write_all(&begins).await.is_ok() {
        for number in 0..most {
            let bytes = piece(number);
            let written = tokio::time::timeout(Duration::from_secs(10), writes.write_all(&bytes)).await;
            if !matches!(written, Ok(Ok(()))) {
                break;
            }
            count += bytes.len();
        }
    }
    // The reading side may have been closed with what the other side said last still unread.
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(writes);
    (count, told.await.unwrap())
}

fn request(stream: u32, more: &[(&str, &str)]) -> Vec<u8> {
    let token = format!("Bearer {CREDENTIAL}");
    let mut fields = vec![(":method", "GET"), (":scheme", "http"), (":authority", "g"), (":path", "/a")];
    fields.extend(more);
    fields.push(("authorization", &token));
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
}

/// Others are served while somebody does this.
async fn beside<T>(house: &House, deed: impl Future<Output = T>) -> T {
    let (done, ()) = tokio::join!(deed, async {
        for _ in 0..10 {
            let begun = Instant::now();
            assert_eq!(house.get("/a", "").await.status, 200);
            assert!(begun.elapsed() < Duration::from_secs(5), "others waited for {:?}", begun.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    const FLOOD: u32 = 20_000;
    let house = House::with(says(answer("application/json", "", "{}")), "record = \"async\"", POLICY).await;
    let (_, told) = beside(
        &house,
        flood(
            house.address,
            &[],
            |number| {
                let stream = 2 * number + 1;
                [request(stream, &[]), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
            },
            FLOOD,
        ),
    )
    .await;
    let seen = house.seen.lock().unwrap().len();
    println!("{seen} of {FLOOD} went up, and the connection ended with {:?}", goaway(&told));
    assert!(seen < 2000, "{seen} of {FLOOD} went up");
    assert_eq!(goaway(&told), Some(11), "the client is told to be calm");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_without_end_end_the_connection() {
    let house = House::with(says(answer("application/json", "", "{}")), "record = \"async\"", POLICY).await;
    let first = frame(
        HEADERS,
        END_STREAM,
        1,
        &block(&[(":method", "GET"), (":scheme", "http"), (":authority", "g"), (":path", "/a")]),
    );
    let big = field(b"x-note", &[b'a'; 16_000]);
    for (name, piece, most) in
        [("empty", Vec::new(), 1_000_000), ("small", field(b"a", b"b"), 1_000_000), ("big", big, 10_000)]
    {
        let piece = frame(CONTINUATION, 0, 1, &piece);
        let (taken, told) = beside(&house, flood(house.address, &first, |_| piece.clone(), most)).await;
        println!("{name}: {taken} bytes, {:?}", goaway(&told));
        // What the system holds between the two is in it.
        assert!(taken < 16 << 20, "{name}: {taken} bytes were taken");
    }
    assert_eq!(house.seen.lock().unwrap().len(), 30, "only the others went up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_head_that_means_a_big_one_is_refused() {
    let house = House::with(says(answer("application/json", "", "{}")), "record = \"async\"", POLICY).await;
    // One field of 4,000 bytes is remembered, and then named by one byte.
    let value = [b'a'; 3900];
    let remembered = [&[0x40][..], &number(6, 7, 0), b"x-note", &number(value.len(), 7, 0), &value].concat();
    for count in [20, 5_000, 15_000] {
        let start = block(&[(":method", "GET"), (":scheme", "http"), (":authority", "g"), (":path", "/a")]);
        let token = field(b"authorization", format!("Bearer {CREDENTIAL}").as_bytes());
        let bomb = [start.as_slice(), &token, &remembered].concat();
        let frames =
            [frame(HEADERS, END_STREAM, 1, &bomb), frame(CONTINUATION, END_HEADERS, 1, &vec![0xbe; count])].concat();
        let (_, told) = flood(house.address, &frames, |_| Vec::new(), 1).await;
        assert_eq!(answered(&told), 0, "{count} times 4 KB");
    }
    assert!(house.seen.lock().unwrap().is_empty());
    assert_eq!(house.get("/a", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_mean_nothing_have_an_end() {
    let house = House::with(says(answer("application/json", "", "{}")), "record = \"async\"", POLICY).await;
    let settings: Vec<u8> = [0_u8, 4, 0, 0, 255, 255].to_vec();
    let open = frame(
        HEADERS,
        END_HEADERS,
        1,
        &block(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "g"),
            (":path", "/a"),
            ("content-type", "text/plain"),
            ("authorization", &format!("Bearer {CREDENTIAL}")),
        ]),
    );
    for (name, first, piece) in [
        ("settings", Vec::new(), frame(SETTINGS, 0, 0, &settings)),
        ("pings", Vec::new(), frame(PING, 0, 0, b"12345678")),
        ("empty bodies", open, frame(DATA, 0, 1, &[])),
        ("priorities", Vec::new(), frame(2, 0, 3, &[0, 0, 0, 1, 5])),
        ("windows", Vec::new(), frame(8, 0, 0, &[0, 0, 0, 1])),
        ("unknown frames", Vec::new(), frame(77, 0, 0, b"12345678")),
    ] {
        // So many that whoever answers each of them, and is not read, would hold megabytes.
        let some: Vec<u8> = piece.iter().copied().cycle().take(piece.len() * 1000).collect();
        let (taken, _) = beside(&house, flood(house.address, &first, |_| some.clone(), 100)).await;
        println!("{name}: {taken} bytes");
    }
    assert_eq!(house.get("/a", "").await.status, 200);
}
