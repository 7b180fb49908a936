//! Ways by which an identifier might get out. Each attempt is an answer of the upstream with a canary in it; whatever the
//! gateway makes of it, the canary is in no byte that the client gets.

use std::io::Write as _;

use super::{House, answer, says};

pub(super) const SSN: &str = "219-09-9998";
const DIGITS: &str = "219099998";
pub(super) const EMAIL: &str = "carla.quint@mailhost.org";
/// A number that only its place tells.
const ID: &str = "8812345678";

/// What must not be in what a client sees, in whatever spelling the attempts use.
pub(super) fn canaries() -> Vec<Vec<u8>> {
    let wide = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let mut all: Vec<Vec<u8>> =
        [SSN, DIGITS, EMAIL, ID, "9-09-9998", "carla.quint", "219%2D09", "MjE5LTA5LTk5OTg", "50,49,57", "SSN 219"]
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
pub(super) fn readings(raw: &[u8], body: &[u8]) -> Vec<Vec<u8>> {
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

pub(super) struct Attempt {
    pub(super) name: &'static str,
    /// Of the request.
    pub(super) headers: &'static str,
    pub(super) answer: Vec<u8>,
}

pub(super) fn attempts() -> Vec<Attempt> {
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
    all.extend(in_heads());
    all.extend(in_texts());
    all.extend(in_events());
    all.into_iter().map(|(name, headers, answer)| Attempt { name, headers, answer }).collect()
}

type Told = (&'static str, &'static str, Vec<u8>);

fn in_heads() -> Vec<Told> {
    let header = |line: String| answer("application/json", &format!("{line}\r\n"), "{}");
    vec![
        ("the name of a header", "", header(format!("X-{SSN}: yes"))),
        ("the name of a header without signs", "", header(format!("X-Patient-{ID}: yes"))),
        ("a header in base64", "", header("X-Note: MjE5LTA5LTk5OTg".to_owned())),
        (
            "a header in base64 for URLs",
            "",
            header("X-Note: U1NOIDIxOS0wOS05OTk4IGNhcmxhLnF1aW50QG1haWxob3N0Lm9yZw".to_owned()),
        ),
        ("claims in a header", "", header("X-Claims: a.eyJzc24iOiIyMTktMDktOTk5OCJ9.b".to_owned())),
        ("a header in hexadecimal", "", header("X-Note: 3231392d30392d39393938".to_owned())),
        ("an encoded word", "", header("X-Note: =?UTF-8?B?MjE5LTA5LTk5OTg=?=".to_owned())),
        ("a blank in escapes", "", header(format!("X-Note: SSN%20{SSN}"))),
        (
            "a file's name with blanks",
            "",
            header("Content-Disposition: attachment; filename*=UTF-8''carla.quint%20report.txt".into()),
        ),
        ("a file's name that is one", "", header(format!("Content-Disposition: inline; filename={ID}.json"))),
        (
            "a file that ends in somebody",
            "",
            header("Content-Disposition: inline; filename=report.carla.quint".to_owned()),
        ),
        ("a weak entity tag", "", header(format!("ETag: W/\"{ID}\""))),
        ("an address as entity tag", "", header(format!("ETag: \"{EMAIL}\""))),
        ("a link with escapes", "", header("Link: </Patient/219%2D09%2D9998>; rel=next".to_owned())),
        ("a link with a title", "", header(format!("Link: </a>; rel=next; title=\"SSN {SSN}\""))),
        ("a location with escapes", "", header("Location: /Patient?ssn=219%2D09%2D9998".to_owned())),
        ("a location by number", "", header(format!("Location: /Patient/{ID}"))),
        ("names of headers that may be read", "", header(format!("Access-Control-Expose-Headers: X-{SSN}"))),
        ("methods", "", header(format!("Allow: GET, {DIGITS}"))),
        ("what an answer varies by", "", header(format!("Vary: X-{SSN}"))),
        ("a language", "", header(format!("Content-Language: {SSN}"))),
        ("a time to wait", "", header(format!("Retry-After: {DIGITS}"))),
        ("timings", "", header(format!("Server-Timing: db;desc=\"{SSN}\""))),
        ("a digest", "", header("Digest: sha-256=MjE5LTA5LTk5OTg=".to_owned())),
        ("a map of sources", "", header(format!("SourceMap: /{SSN}.map"))),
        ("an old cookie", "", header(format!("Set-Cookie2: ssn={SSN}"))),
        ("a list of trailers", "", header(format!("Trailer: X-{SSN}"))),
        ("a policy of content", "", header(format!("Content-Security-Policy: report-uri /{SSN}"))),
        ("a report", "", header(format!("Report-To: {{\"url\":\"https://x/{SSN}\"}}"))),
    ]
}

fn in_texts() -> Vec<Told> {
    let json = |text: String| answer("application/json", "", text);
    let html = |text: String| answer("text/html", "", text);
    let xml = |text: String| answer("application/xml", "", text);
    let text = |text: String| answer("text/plain", "", text);
    let sql = |text: String| answer("application/sql", "", text);
    let interchange = |end: &str| {
        let head =
            "ISA*00*          *00*          *ZZ*SUBMITTERID    *ZZ*RECEIVERID     *240101*1253*^*00501*000000905*1*T*:";
        let claim = [
            "NM1*IL*1*QUINT*CARLA****MI*8812345678",
            "REF*SY*219099998",
            "PER*IC**EM*carla.quint@mailhost.org",
            "NTE*ADD*SSN 219-09-9998",
        ];
        [
            &[head, "GS*HC*A*B*20240105*1253*1*X*005010X222A1", "ST*837*0021"][..],
            &claim,
            &["SE*5*0021", "GE*1*1", "IEA*1*000000905", ""],
        ]
        .concat()
        .join(end)
    };
    vec![
        ("a title in HTML", "", html(format!("<html><head><title>SSN {SSN}</title></head></html>"))),
        ("an attribute in HTML", "", html(format!("<p title='SSN {SSN}'>x</p>"))),
        ("an address to write to", "", html(format!("<a href=\"mailto:{EMAIL}\">x</a>"))),
        ("an entity in HTML", "", html("<p>SSN &#50;&#49;&#57;-09-9998</p>".to_owned())),
        ("a script in HTML", "", html(format!("<script>var ssn = \"{SSN}\";</script>"))),
        ("a comment in HTML", "", html(format!("<!-- SSN {SSN} -->"))),
        ("tags within an identifier", "", html("<p>SSN 219-<b>09</b>-9998</p>".to_owned())),
        ("an attribute in XML", "", xml(format!("<a ssn=\"{SSN}\"/>"))),
        ("character data in XML", "", xml(format!("<a><![CDATA[SSN {SSN}]]></a>"))),
        ("an instruction in XML", "", xml(format!("<?x SSN {SSN}?><a/>"))),
        ("an entity in XML", "", xml("<a>SSN &#x32;19-09-9998</a>".to_owned())),
        ("an entity of its own in XML", "", xml(format!("<!DOCTYPE a [<!ENTITY s \"SSN {SSN}\">]><a>&s;</a>"))),
        ("a number as key", "", json(format!("{{\"patients\":{{\"{ID}\":{{\"seen\":true}}}}}}"))),
        ("an identifier in a key", "", json(format!("{{\"of {SSN}\":1}}"))),
        ("an address as key", "", json(format!("{{\"{EMAIL}\":1}}"))),
        ("a relative link", "", json(format!("{{\"next\":\"/Patient/{ID}?x=y\"}}"))),
        ("a relative link with escapes", "", json(format!("{{\"next\":\"\\/Patient\\u002f{ID}\"}}"))),
        ("a reference with escapes", "", json(format!("{{\"reference\":\"Patient\\u002f{ID}\"}}"))),
        ("a link without a scheme", "", json(format!("{{\"url\":\"//gateway.example/Patient/{ID}\"}}"))),
        ("JSON in a string", "", json(format!("{{\"a\":\"{{\\\"ssn\\\":\\\"{SSN}\\\"}}\"}}"))),
        ("JSON in a string with escapes", "", json("{\"a\":\"{\\\"ssn\\\":\\\"\\\\u003219-09-9998\\\"}\"}".to_owned())),
        ("a mark before JSON", "", json(format!("\u{feff}{{\"ssn\":\"{SSN}\"}}"))),
        ("several texts of JSON", "", json(format!("{{\"a\":1}}{{\"ssn\":\"{SSN}\"}}"))),
        ("JSON that is one string", "", json(format!("\"SSN {SSN}\""))),
        ("JSON with comments", "", json(format!("{{/* SSN {SSN} */}}"))),
        ("a float", "", json(format!("{{\"ssn\":{DIGITS}.0}}"))),
        ("a number in exponents", "", json("{\"ssn\":2.19099998e8, \"x\":\"219-09-9998\"}".to_owned())),
        ("an attachment", "", json("{\"resourceType\":\"DocumentReference\",\"content\":[{\"attachment\":{\"contentType\":\"text/plain\",\"data\":\"MjE5LTA5LTk5OTg=\"}}]}".to_owned())),
        ("HTML that is called JSON", "", json(format!("<p>SSN {SSN}</p>"))),
        ("JSON that is called text", "", text(format!("{{\"ssn\": \"{SSN}\", \"mail\": \"{EMAIL}\"}}"))),
        ("a soft hyphen", "", text(format!("SSN 219-09-\u{ad}9998 or {SSN}"))),
        ("a blank without width", "", text(format!("SSN 219\u{200b}-09-9998 or {SSN}"))),
        ("an identifier over two lines", "", text(format!("SSN:\n{SSN}\n"))),
        ("tabs", "", answer("text/tab-separated-values", "", format!("id\tssn\n1\t{DIGITS}\n"))),
        ("quotes in CSV", "", answer("text/csv", "", format!("id,ssn\n1,\"{DIGITS}\"\n"))),
        ("a form", "", answer("application/x-www-form-urlencoded", "", format!("ssn={SSN}&m=carla.quint%40mailhost.org"))),
        ("escapes in a form", "", answer("application/x-www-form-urlencoded", "", "ssn=219%2D09%2D9998")),
        ("a message of HL7", "", answer("application/hl7-v2", "", format!("MSH|^~\\&|A|B\rPID|1||{ID}^^^A||||||||||||||||{DIGITS}\r"))),
        ("an interchange of X12", "", answer("application/EDI-X12", "", interchange("~"))),
        ("an interchange of X12 in lines", "", answer("application/edi-x12", "", interchange("~\n"))),
        ("a dump by the names of its columns", "", sql(format!("INSERT INTO p (mrn, ssn) VALUES ('{ID}', '{DIGITS}');\n"))),
        ("a dump by its table", "", sql(format!("CREATE TABLE p (ssn text, mrn text);\nINSERT INTO p VALUES ('{DIGITS}', '{ID}');\n"))),
        ("rows of COPY in a dump", "", sql(format!("COPY p (n, ssn) FROM stdin;\n1\t{DIGITS}\n\\.\n"))),
        ("a comment in a dump", "", sql(format!("-- SSN {SSN}\nSELECT 1;\n/* {EMAIL} */\n"))),
        ("a literal with escapes", "", sql(format!("UPDATE p SET note = E'it\\'s SSN {SSN}\\n', mail = $${EMAIL}$$;\n"))),
        ("a log", "", answer("text/x-log", "", format!("ts=1 level=info ssn={DIGITS} mrn=\"{ID}\" to={EMAIL}\n"))),
        ("a log of requests", "", answer("text/x-log", "", format!("10.1.2.3 - - [10/Oct/2000:13:55:36 +0000] \"GET /patients?mrn={ID}&ssn=219%2D09%2D9998 HTTP/1.1\" 200 7\n"))),
        ("a log in JSON", "", answer("text/x-log", "", format!("{{\"level\":\"info\",\"ssn\":\"{DIGITS}\"}}\nSSN {SSN}\n"))),
        ("an e-mail", "", answer("message/rfc822", "", format!("From: {EMAIL}\r\nSubject: =?utf-8?B?MjE5LTA5LTk5OTg=?=\r\n\r\nSSN {SSN}\r\n"))),
        ("a part in base64", "", answer("multipart/mixed; boundary=abc", "", "--abc\r\nContent-Transfer-Encoding: base64\r\n\r\nMjE5LTA5LTk5OTg=\r\n--abc--\r\n")),
        ("a form in parts", "", answer("multipart/form-data; boundary=x", "", format!("--x\r\nContent-Disposition: form-data; name=ssn\r\n\r\n{DIGITS}\r\n--x--\r\n"))),
        ("Markdown", "", answer("text/markdown", "", format!("| ssn |\n|---|\n| {SSN} |\n"))),
        ("JSON in lines", "", answer("application/fhir+ndjson", "", format!("{{\"a\":1}}\n{{\"ssn\":\"{DIGITS}\"}}\n"))),
        ("UTF-32", "", answer("text/plain", "", [&b"\xff\xfe\0\0"[..], &SSN.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<u8>>()].concat())),
        ("a zip that is called JSON", "", answer("application/json", "", [&b"PK\x03\x04"[..], SSN.as_bytes()].concat())),
    ]
}

fn in_events() -> Vec<Told> {
    let events = |text: String| answer("text/event-stream", "", text);
    let pieces = |shape: fn(&str) -> serde_json::Value| {
        let text: String =
            ["SSN 219", "-0", "9-99", "98 is"].iter().map(|piece| format!("data: {}\n\n", shape(piece))).collect();
        answer("text/event-stream", "", text)
    };
    vec![
        ("an event's name", "", events(format!("event: {SSN}\ndata: {{}}\n\n"))),
        ("an event's id", "", events(format!("id: {SSN}\ndata: {{}}\n\n"))),
        ("a comment among events", "", events(format!(": SSN {SSN}\n\ndata: {{}}\n\n"))),
        ("an unknown field of events", "", events(format!("x: SSN {SSN}\ndata: {{}}\n\n"))),
        ("lines of one event", "", events(format!("data: {{\"ssn\":\ndata: \"{SSN}\"}}\n\n"))),
        ("text in events", "", events("data: SSN 219\n\ndata: -09-99\n\ndata: 98\n\n".to_owned())),
        ("events of nobody's shape", "", pieces(|piece| serde_json::json!({ "seq": 1, "chunk": piece }))),
        (
            "events of a nested shape",
            "",
            pieces(|piece| serde_json::json!({ "out": { "items": [{ "text": piece }] } })),
        ),
        ("events with another name", "", pieces(|piece| serde_json::json!({ "kind": "x", "v": piece }))),
        ("strings as events", "", pieces(|piece| serde_json::json!(piece))),
        (
            "the deltas of a chat",
            "",
            pieces(|piece| serde_json::json!({"choices":[{"index":0,"delta":{"content":piece}}]})),
        ),
        (
            "the deltas of a block",
            "",
            pieces(
                |piece| serde_json::json!({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":piece}}),
            ),
        ),
        (
            "the deltas of thoughts",
            "",
            pieces(
                |piece| serde_json::json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":piece}}),
            ),
        ),
        (
            "the deltas of a response",
            "",
            pieces(
                |piece| serde_json::json!({"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":piece}),
            ),
        ),
        (
            "the deltas of candidates",
            "",
            pieces(|piece| serde_json::json!({"candidates":[{"content":{"parts":[{"text":piece}]}}]})),
        ),
        (
            "the deltas of a refusal",
            "",
            pieces(|piece| serde_json::json!({"choices":[{"index":0,"delta":{"refusal":piece}}]})),
        ),
        (
            "a tool's result",
            "",
            events(format!(
                "event: message\ndata: {{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"SSN {SSN}\"}}]}}}}\n\n"
            )),
        ),
    ]
}

/// What models answer to what they are sent: likelihoods, and pieces in lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_out_of_a_model_s_answer() {
    let likely = |key: &str| {
        let tokens: Vec<_> = ["SSN ", "219", "-09", "-9998"]
            .iter()
            .map(|token| serde_json::json!({"token": token, "bytes": token.as_bytes(), "logprob": -0.1, "top_logprobs": [{"token": token, "bytes": token.as_bytes()}]}))
            .collect();
        serde_json::json!({ "choices": [{ "index": 0, "message": { "content": "x" }, key: { "content": tokens } }] })
            .to_string()
    };
    let legacy = serde_json::json!({"choices":[{"text":"x","logprobs":{"tokens":["219","-09","-9998"],"top_logprobs":[{"219":-0.1},{"-09":-0.1}]}}]});
    let lines = |shape: fn(&str) -> serde_json::Value| {
        ["SSN 219", "-0", "9-99", "98 is"].iter().map(|piece| format!("{}\n", shape(piece))).collect::<String>()
    };
    for (name, media, body) in [
        ("likelihoods", "application/json", likely("logprobs")),
        ("likelihoods by another name", "application/json", likely("logprobsResult")),
        ("likelihoods in events", "text/event-stream", format!("data: {}\n\n", likely("logprobs"))),
        ("likelihoods as of old", "application/json", legacy.to_string()),
        (
            "a chat in lines",
            "application/x-ndjson",
            lines(|piece| serde_json::json!({"model":"m","message":{"role":"assistant","content":piece},"done":false})),
        ),
        (
            "an answer in lines",
            "application/x-ndjson",
            lines(|piece| serde_json::json!({"model":"m","response":piece,"done":false})),
        ),
        (
            "an answer in JSON lines",
            "application/jsonl",
            lines(|piece| serde_json::json!({"model":"m","response":piece,"done":false})),
        ),
    ] {
        let house = House::new(says(answer(media, "", body))).await;
        let answered = house.send("POST", "/v1/chat/completions", "Content-Type: application/json\r\n", b"{}").await;
        assert_eq!(answered.status, 200, "{name}");
        let text = answered.text();
        for canary in [SSN, "219", "9998", "50,49,57", "99", "-09"] {
            assert!(!text.contains(canary), "{name}: {canary} in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_out() {
    let (canaries, attempts) = (canaries(), attempts());
    let mut names: Vec<&str> = attempts.iter().map(|attempt| attempt.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), attempts.len(), "each attempt is another one");
    assert!(attempts.len() >= 173, "{}", attempts.len());
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
                   bb-credential-of-agent-7\r\nX-Secret: mine\r\nClient-Cert: :c3Bvb2Y=:\r\nX-JWT-Assertion: \
                   spoof\r\nX-Email: spoof@x.org\r\nX-User-Id: spoof\r\nX-Username: spoof\r\nRange: bytes=0-5\r\nAccept-Encoding: gzip, exotic\r\nX-Kept: yes\r\n";
    let answered = house.get("/Patient/%37?_count=1", headers).await;
    assert_eq!(answered.status, 200, "{}", answered.head);
    let seen = house.upstream_saw().to_ascii_lowercase();
    assert!(seen.starts_with("get /patient/7?_count=1 http/1.1\r\n"), "{seen}");
    for absent in
        ["9.9.9.9", "spoof", "forwarded-user", "cookie", super::CREDENTIAL, "x-secret: mine", "range", "exotic"]
    {
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

/// What the only request said that the upstream was sent, in one header.
fn sent(house: &House, name: &str) -> Option<String> {
    let seen = house.upstream_saw();
    let found =
        seen.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_out_of_a_cookie_that_passes() {
    let settings = "cookies = true\n";
    let long = format!("note={}", "carla.quint ".repeat(100).replace(' ', "_"));
    for set in [
        format!("ssn={SSN}; Path=/"),
        format!("{DIGITS}=1"),
        format!("p{ID}=1; Secure"),
        format!("id={ID}"),
        "who=carla.quint; HttpOnly".to_owned(),
        "carla.quint=yes".to_owned(),
        "who=carla%2Equint%40mailhost.org".to_owned(),
        "claims=MjE5LTA5LTk5OTg=".to_owned(),
        format!("sid=x; Path=/Patient/{ID}; Domain=carla.quint.example"),
        format!("sid=x; Comment={EMAIL}; Version={ID}; {SSN}"),
        format!("sid=x; Max-Age={DIGITS}; Expires={SSN}; SameSite={SSN}"),
        "sid=".to_owned(),
        long,
    ] {
        let more = format!("Set-Cookie: {set}\r\nSet-Cookie: other={SSN}\r\nSet-Cookie2: ssn={SSN}\r\n");
        let house = House::with(says(answer("application/json", &more, "{}")), settings, super::POLICY).await;
        let answered = house.get("/Patient/7", "").await;
        assert_eq!(answered.status, 200, "{set}");
        for canary in canaries() {
            assert!(memchr::memmem::find(&answered.raw, &canary).is_none(), "{set}: {}", answered.head);
        }
        // It comes back as it was set, also over the next connection and beside a cookie of the client's own.
        let cookies: Vec<&str> = answered.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
        assert_eq!(cookies.len(), 2, "{set}: {}", answered.head);
        let pair = |set: &str| set.split(';').next().unwrap().to_owned();
        let headers = format!("Cookie: theme=dark; {}; {}\r\n", pair(cookies[0]), pair(cookies[1]));
        let next = House::with(says(answer("application/json", "", "{}")), settings, super::POLICY).await;
        assert_eq!(next.get("/Patient/7", &headers).await.status, 200);
        assert_eq!(sent(&next, "cookie"), Some(format!("theme=dark; {}; other={SSN}", pair(&set))));
        // To a target that passes none it does not.
        let closed = House::new(says(answer("application/json", "", "{}"))).await;
        assert_eq!(closed.get("/Patient/7", &headers).await.status, 200);
        assert_eq!(sent(&closed, "cookie"), None);
        // And it is no token that anything else opens.
        let seal = cookies[0].split(['=', ';']).nth(1).unwrap();
        let asked = closed.get(&format!("/Patient/{seal}"), "").await;
        assert_eq!(asked.status, 422, "{seal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_pass_by_name_go_up_and_say_nothing_on_their_way_down() {
    let settings = "cookies = true\npass_headers = [\"x-user\", \"x-user-email\"]\n";
    let echoes = format!("X-User: SSN {SSN}\r\nX-User-Email: {EMAIL}\r\nWarning: 199 - \"{EMAIL}\"\r\n");
    let body = format!(r#"{{"user":"SSN {SSN}","mail":"{EMAIL}","{EMAIL}":1}}"#);
    let house = House::with(says(answer("application/json", &echoes, body)), settings, super::POLICY).await;
    let headers = format!("X-User: SSN {SSN}\r\nX-User-Email: {EMAIL}\r\nX-User-Id: 7\r\nCookie: who={EMAIL}\r\n");
    let answered = house.get("/Patient/7", &headers).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    for canary in canaries() {
        assert!(memchr::memmem::find(&answered.raw, &canary).is_none(), "{}", String::from_utf8_lossy(&answered.raw));
    }
    assert_eq!(sent(&house, "x-user"), Some(format!("SSN {SSN}")));
    assert_eq!(sent(&house, "x-user-email").as_deref(), Some(EMAIL));
    assert_eq!(
        (sent(&house, "x-user-id"), sent(&house, "x-secret").as_deref()),
        (None, Some("key upstream-secret-value"))
    );
}
