//! The split law through sockets: recorded streams of every provider, cut at every byte, over connections that are kept.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Response;
use http_body::Frame;
use tokio::net::TcpStream;

use super::h2::{asks, frames, full, speak, told, upstream};
use super::{House, POLICY};

/// The recorded streams: name, type and bytes.
fn recorded() -> Vec<(String, &'static str, Bytes)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../detectors/tests/streams");
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.into_iter()
        .filter_map(|path| {
            let media = match path.extension()?.to_str()? {
                "sse" => "text/event-stream",
                "ndjson" => "application/x-ndjson",
                _ => return None,
            };
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name, media, Bytes::from(std::fs::read(&path).unwrap())))
        })
        .collect()
}

/// Where a stream is cut: at `first` and then every `step` bytes. Chunks of the transfer coding keep the pieces apart.
fn pieces(whole: &Bytes, first: usize, step: usize) -> Vec<Bytes> {
    let mut rest = whole.clone();
    let mut all = Vec::new();
    let mut next = first;
    while next > 0 && next < rest.len() {
        all.push(rest.split_to(next));
        next = step;
    }
    all.push(rest);
    all
}

/// Every byte of every stream begins a piece: of the only one behind it when everything is asked for
/// (`BLACKBAR_SPLITS=all`, some minutes), otherwise of one of several in the same answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_may_be_cut_anywhere() {
    const STEP: usize = 61;
    const AT_A_TIME: usize = 8;
    let all = std::env::var("BLACKBAR_SPLITS").is_ok_and(|wanted| wanted == "all");
    let streams = Arc::new(recorded());
    assert_eq!(streams.len(), 20);
    let behind = Arc::clone(&streams);
    let (address, _) = upstream(move |request| {
        let numbers = request.uri().path().split('-').filter_map(|part| part.parse().ok()).collect::<Vec<usize>>();
        let [stream, first, step] = numbers[..] else { panic!("no such stream") };
        let (_, media, bytes) = &behind[stream];
        let body = match first {
            0 => full(bytes.clone()),
            _ => frames(pieces(bytes, first, step).into_iter().map(|piece| Ok(Frame::data(piece))).collect()),
        };
        let response = Response::builder().header("content-type", *media).body(body).unwrap();
        async move { response }
    })
    .await;
    let house = House::in_front_of(&address.to_string(), "record = \"async\"", POLICY).await;
    let speaker = speak(TcpStream::connect(house.address).await.unwrap(), None).await;
    let get = async |stream: usize, first: usize, step: usize| {
        let path = format!("/v1/s-{stream}-{first}-{step}");
        let request = asks("POST", &path, "content-type: application/json", full("{}"));
        let told = told(&mut speaker.clone(), request).await.unwrap();
        assert!(told.status == 200 && told.complete, "{path}: {}", told.status);
        told.body
    };
    let mut asked = 0;
    for (at, (name, _, bytes)) in streams.iter().enumerate() {
        let whole = get(at, 0, 0).await;
        assert_ne!(whole, bytes[..], "{name}: nothing was redacted");
        let mut cuts: Vec<(usize, usize)> = vec![(1, 1)];
        match all {
            true => cuts.extend((1..bytes.len()).map(|cut| (cut, bytes.len()))),
            false => cuts.extend((1..=STEP).map(|first| (first, STEP))),
        }
        asked += cuts.len();
        stream::iter(cuts)
            .map(|(first, step)| {
                let (whole, get) = (&whole, &get);
                async move {
                    let told = get(at, first, step).await;
                    let same = told == *whole;
                    assert!(same, "{name} cut at {first} and every {step}: {}", String::from_utf8_lossy(&told));
                }
            })
            .buffer_unordered(AT_A_TIME)
            .collect::<Vec<()>>()
            .await;
    }
    println!("{asked} answers were the same");
}
