//! Posts to somebody else: a webhook, a collector, a witness.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body::Body as _;
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;

use crate::asker::{Asker, asker};
use crate::error::Error;

/// A client of one place. No redirects: what is told goes where the configuration says.
#[derive(Debug)]
pub(crate) struct Poster {
    client: Asker<GaiResolver>,
    uri: Uri,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

const PATIENCE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);
const LARGEST: usize = 64 << 10;

impl Poster {
    pub(crate) fn new(uri: Uri, ca: Option<&Path>) -> Result<Self, Error> {
        let client = asker(HttpConnector::new(), ca, PATIENCE, IDLE)?;
        Ok(Self { client, uri })
    }

    /// Posts once. An error is in words without content.
    pub(crate) async fn post(&self, headers: &[(&'static str, String)], body: Vec<u8>) -> Result<Answer, String> {
        let mut request = Request::post(self.uri.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| "a header cannot be sent".to_owned())?;
        let posted = async {
            let answer = self.client.request(request).await.map_err(|_| "it cannot be reached".to_owned())?;
            let status = answer.status().as_u16();
            let mut body = pin!(answer.into_body());
            let mut bytes = Vec::new();
            while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                let frame = frame.map_err(|_| "its answer broke off".to_owned())?;
                let Ok(data) = frame.into_data() else { continue };
                if bytes.len() + data.len() > LARGEST {
                    break;
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Answer { status, body: bytes })
        };
        tokio::time::timeout(PATIENCE, posted).await.unwrap_or_else(|_| Err("it does not answer".to_owned()))
    }
}
