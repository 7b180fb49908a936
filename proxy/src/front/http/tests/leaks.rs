//! Ways by which an identifier might get out. Each attempt is an answer of the upstream with a canary in it; whatever the
//! gateway makes of it, the canary is in no byte that the client gets.

use std::io::Write as _;

use super::{House, answer, says};

const SSN: &str = "219-09-9998";
const DIGITS: &str = "219099998";
const EMAIL: &str = "carla.quint@mailhost.org";

/// What must not be in what a client sees, in whatever spelling the attempts use.
fn canaries() -> Vec<Vec<u8>> {
    let wide = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let mut all: Vec<Vec<u8>> = [SSN, DIGITS, EMAIL, "9-09-9998", "carla.quint", "219%2D09", "MjE5LTA5LTk5OTg"]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
    all.extend([wide(SSN, false), wide(SSN, true)]);
    all.push(br"\u0032\u0031\u0039".to_vec());
    all
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
    encoder.write_all(text).unwrap();
    encoder.into_inner()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

/// Everything that the client could make of what it got: as it is, and with codings undone.
fn readings(raw: &[u8], body: &[u8]) -> Vec<Vec<u8>> {
    use std::io::Read as _;
    let mut all = vec![raw.to_vec(), body.to_vec()];
    let mut text = Vec::new();
    let _ = flate2::read::MultiGzDecoder::new(body).read_to_end(&mut text);
    all.push(std::mem::take(&mut text));
    let _ = flate2::read::ZlibDecoder::new(body).read_to_end(&mut text);
    all.push(std::mem::take(&mut text));
    let _ = brotli::Decompressor::new(body, 4096).read_to_end(&mut text);
    all.push(std::mem::take(&mut text));
    if let Ok(mut decoder) = zstd::stream::read::Decoder::new(body) {
        let _ = decoder.read_to_end(&mut text);
    }
    all.push(text);
    all
}

struct Attempt {
    name: &'static str,
    /// Of the request.
    headers: &'static str,
    answer: Vec<u8>,
}

fn attempts() -> Vec<Attempt> {
    let json = format!(r#"{{"id": 7, "ssn": "{SSN}", "mail": "{EMAIL}"}}"#);
    let note = format!("The patient's SSN is {SSN} and the address is {EMAIL}.\n");
    let wide = |big: bool| -> Vec<u8> {
        note.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let marked = |big: bool| [if big { &b"\xfe\xff"[..] } else { b"\xff\xfe" }, &wide(big)].concat();
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let accepts = "Accept-Encoding: gzip, deflate, br, zstd\r\n";
    let chunked = |pieces: &[&str], trailer: &str| -> Vec<u8> {
        let chunks: String = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n{trailer}\r\n").into_bytes()
    };
    let (one, other) = json.split_at(json.find("09-9998").unwrap());
    let by_one: Vec<&str> = json.split("").filter(|piece| !piece.is_empty()).collect();
    let status = |line: &str| format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n").into_bytes();
    let coded =
        |coding: &str, body: Vec<u8>| answer("application/json", &format!("Content-Encoding: {coding}\r\n"), body);
    let header = |line: String| answer("application/json", &format!("{line}\r\n"), "{}");
    let escaped = json.replace("219", r"\u0032\u0031\u0039");

    let mut all: Vec<(&'static str, &'static str, Vec<u8>)> = vec![
        ("a JSON body", "", answer("application/json", "", &json)),
        ("a JSON body with escapes", "", answer("application/json", "", &escaped)),
        ("an error page", "", [b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\n", note.as_bytes()].concat()),
        ("a JSON key", "", answer("application/json", "", format!(r#"{{"{SSN}": 1}}"#))),
        ("a JSON number", "", answer("application/json", "", format!(r#"{{"ssn": {DIGITS}}}"#))),
        ("duplicate keys", "", answer("application/json", "", format!(r#"{{"ssn": "x", "ssn": "{SSN}"}}"#))),
        ("deep nesting", "", answer("application/json", "", format!("{}\"{SSN}\"{}", "[".repeat(900), "]".repeat(900)))),
        ("broken JSON", "", answer("application/json", "", format!(r#"{{"ssn": "{SSN}""#))),
        ("text behind JSON", "", answer("application/json", "", format!("{{}} SSN {SSN}"))),
        ("JSON with a prefix", "", answer("application/json", "", format!(")]}}',\n{json}"))),
        ("NDJSON", "", answer("application/x-ndjson", "", format!("{json}\n{json}\n"))),
        ("CSV", "", answer("text/csv", "", format!("id,ssn\n1,{SSN}\n"))),
        ("CSV by its header alone", "", answer("text/csv", "", format!("id,ssn\n1,{DIGITS}\n"))),
        ("plain text", "", answer("text/plain", "", &note)),
        ("an unknown kind of text", "", answer("text/x-notes", "", &note)),
        ("a vendor's JSON", "", answer("application/vnd.clinic.v1+json", "", &json)),
        ("upper case in the type", "", answer("APPLICATION/JSON", "", &json)),
        ("chunks", "", chunked(&[one, other], "")),
        ("chunks of one byte", "", chunked(&by_one, "")),
        ("a trailer", "", chunked(&["{}"], &format!("X-Patient-SSN: {SSN}\r\n"))),
        ("a body to the end of the connection", "", format!("{ok}\r\n{json}").into_bytes()),
        ("gzip", accepts, coded("gzip", gzip(json.as_bytes()))),
        ("x-gzip", accepts, coded("x-gzip", gzip(json.as_bytes()))),
        ("gzip that nobody asked for", "", coded("gzip", gzip(json.as_bytes()))),
        ("gzip in two members", accepts, coded("gzip", [gzip(one.as_bytes()), gzip(other.as_bytes())].concat())),
        ("gzip with something behind", accepts, coded("gzip", [gzip(b"{}"), json.clone().into_bytes()].concat())),
        ("deflate", accepts, coded("deflate", zlib(json.as_bytes()))),
        ("br", accepts, coded("br", brotli(json.as_bytes()))),
        ("zstd", accepts, coded("zstd", zstd(json.as_bytes()))),
        ("stacked codings", accepts, coded("gzip, gzip", gzip(&gzip(json.as_bytes())))),
        ("an unknown coding", accepts, coded("compress", json.clone().into_bytes())),
        ("a coding that is none", accepts, coded("gzip", json.clone().into_bytes())),
        ("a coding that is not named", accepts, coded("identity", gzip(json.as_bytes()))),
        ("gzip within JSON's name", "", answer("text/plain", "", gzip(note.as_bytes()))),
        ("PDF", "", answer("application/pdf", "", format!("%PDF-1.7 ({SSN})"))),
        ("PDF that is called text", "", answer("text/plain", "", format!("%PDF-1.7 (219-09)Tj (-9998) SSN {SSN}"))),
        ("octets", "", answer("application/octet-stream", "", &note)),
        ("an image", "", answer("image/png", "", &note)),
        ("SVG", "", answer("image/svg+xml", "", format!("<svg><text>{SSN}</text></svg>"))),
        ("multipart", "", answer("multipart/mixed; boundary=x", "", format!("--x\r\n\r\n{note}\r\n--x--"))),
        ("JSONP", "", answer("application/javascript", "", format!("cb({escaped})"))),
        ("no type", "", format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{json}", json.len()).into_bytes()),
        ("two types", "", answer("application/json", "Content-Type: image/png\r\n", &json)),
        ("a type that is none", "", answer("json", "", &json)),
        ("an identifier as a type", "", answer(&format!("application/{SSN}+json"), "", "{}")),
        ("UTF-16, little end first", "", answer("text/plain; charset=utf-16le", "", wide(false))),
        ("UTF-16, big end first", "", answer("text/plain; charset=utf-16be", "", wide(true))),
        ("UTF-16 with a mark", "", answer("application/json; charset=utf-16", "", marked(false))),
        ("UTF-16 that is called UTF-8", "", answer("text/plain", "", marked(false))),
        ("UTF-16 without any word of it", "", answer("text/plain", "", wide(false))),
        ("UTF-7", "", answer("text/plain; charset=utf-7", "", &note)),
        ("EBCDIC", "", answer("text/plain; charset=ibm037", "", &note)),
        ("Latin-1", "", answer("text/plain; charset=iso-8859-1", "", [b"M\xfcller, ", note.as_bytes()].concat())),
        ("NUL bytes", "", answer("text/plain", "", note.replace("219", "2\u{0}1\u{0}9"))),
        ("a reason phrase", "", status(&format!("200 SSN {SSN}"))),
        ("a header", "", header(format!("X-Note: SSN {SSN}"))),
        ("a header by its name", "", header(format!("X-Patient-SSN: {DIGITS}"))),
        ("a header that is folded", "", header(format!("X-Note: SSN\r\n {SSN}"))),
        ("a header with escapes", "", header("X-Note: SSN 219%2D09%2D9998".to_owned())),
        ("a file name", "", header(format!("Content-Disposition: attachment; filename=\"{SSN}.txt\""))),
        ("an encoded file name", "", header("Content-Disposition: attachment; filename*=UTF-8''219%2D09%2D9998".into())),
        ("a cookie", "", header(format!("Set-Cookie: ssn={SSN}; Path=/"))),
        ("an entity tag", "", header(format!("ETag: \"{SSN}\""))),
        ("a link", "", header(format!("Link: </Patient?ssn={SSN}>; rel=next"))),
        ("a location of content", "", header(format!("Content-Location: /Patient/{SSN}"))),
        ("a challenge", "", format!("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"{SSN}\"\r\nContent-Length: 0\r\n\r\n").into()),
        ("a warning", "", header(format!("Warning: 199 - \"SSN {SSN}\""))),
        ("a refresh", "", header(format!("Refresh: 0; url=/?ssn={SSN}"))),
        ("a server's name", "", header(format!("Server: ssn-{SSN}"))),
        ("caching", "", header(format!("Cache-Control: private=\"{SSN}\""))),
        ("a range", "Range: bytes=0-9\r\n", format!("HTTP/1.1 206 Part\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-99/200\r\nContent-Length: {}\r\n\r\n{note}", note.len()).into()),
        ("early hints", "", format!("HTTP/1.1 103 Hints\r\nLink: </{SSN}>\r\n\r\n").into_bytes().into_iter().chain(answer("application/json", "", "{}")).collect()),
        ("a switch of protocols", "", format!("HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n{note}").into()),
        ("a body to 204", "", format!("HTTP/1.1 204 None\r\n\r\n{note}").into()),
        ("a body to 304", "", format!("HTTP/1.1 304 Same\r\nContent-Type: text/plain\r\n\r\n{note}").into()),
        ("two lengths", "", format!("{ok}Content-Length: 2\r\nContent-Length: 99\r\n\r\n{{}}{note}").into()),
        ("a length and chunks", "", format!("{ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{note}").into()),
        ("more than the length", "", format!("{ok}Content-Length: 2\r\n\r\n{{}}{note}").into()),
        ("less than the length", "", format!("{ok}Content-Length: 9999\r\n\r\n{json}").into()),
        ("no HTTP at all", "", note.clone().into_bytes()),
        ("HTTP 0.9", "", format!("<html>{note}").into_bytes()),
        ("a status beyond all", "", format!("HTTP/1.1 999 X\r\nContent-Type: text/plain\r\n\r\n{note}").into()),
        ("a status of letters", "", format!("HTTP/1.1 {SSN} X\r\n\r\n{note}").into()),
        ("a redirect with content", "", format!("HTTP/1.1 302 Found\r\nLocation: /Patient?ssn={SSN}\r\nContent-Length: 0\r\n\r\n").into()),
        ("a redirect elsewhere", "", format!("HTTP/1.1 302 Found\r\nLocation: http://evil/?ssn={SSN}\r\nContent-Length: 0\r\n\r\n").into()),
    ];
    let wide_digits: String =
        SSN.chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32(0xff10 + d)).unwrap_or(c)).collect();
    all.push(("wide digits", "", answer("text/plain", "", format!("SSN {wide_digits} and SSN {SSN}"))));
    all.push(("a very long header", "", header(format!("X-Note: {} SSN {SSN}", "a ".repeat(2000)))));
    all.into_iter().map(|(name, headers, answer)| Attempt { name, headers, answer }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_out() {
    let (canaries, attempts) = (canaries(), attempts());
    let mut names: Vec<&str> = attempts.iter().map(|attempt| attempt.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), attempts.len(), "each attempt is another one");
    assert!(attempts.len() >= 80, "{}", attempts.len());
    let mut out = Vec::new();
    for Attempt { name, headers, answer } in attempts {
        let house = House::new(says(answer)).await;
        let answered = house.get("/Patient/7", headers).await;
        assert!(answered.status >= 200 || answered.raw.is_empty(), "{name}: {}", answered.status);
        for reading in readings(&answered.raw, &answered.body) {
            for canary in &canaries {
                if memchr::memmem::find(&reading, canary).is_some() {
                    out.push(format!("{name}: {}", String::from_utf8_lossy(&answered.raw)));
                }
            }
        }
    }
    assert!(out.is_empty(), "{} leaks:\n{}", out.len(), out.join("\n"));
}

#[tokio::test]
async fn a_request_s_secrets_stay_where_they_belong() {
    let house = House::new(says(answer("application/json", "", "{}"))).await;
    let headers = "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-User: admin\r\nForwarded: for=9.9.9.9\r\nCookie: a=b\r\nX-Api-Key: \
                   bb-credential-of-agent-7\r\nX-Secret: mine\r\nRange: bytes=0-5\r\nAccept-Encoding: gzip, exotic\r\nX-Kept: yes\r\n";
    let answered = house.get("/Patient/%37?_count=1", headers).await;
    assert_eq!(answered.status, 200, "{}", answered.head);
    let seen = house.upstream_saw().to_ascii_lowercase();
    assert!(seen.starts_with("get /patient/7?_count=1 http/1.1\r\n"), "{seen}");
    for absent in ["9.9.9.9", "forwarded-user", "cookie", super::CREDENTIAL, "x-secret: mine", "range", "exotic"] {
        assert!(!seen.contains(absent), "{absent} in {seen}");
    }
    for present in [
        "x-secret: key upstream-secret-value",
        "forwarded: for=127.0.0.1;proto=http",
        "accept-encoding: gzip\r\n",
        "x-kept: yes",
    ] {
        assert!(seen.contains(present), "{present} not in {seen}");
    }
    assert!(!String::from_utf8_lossy(&answered.raw).contains(super::UPSTREAM_SECRET));
}
