//! How a client begins: requests for encryption, a cancel, or a startup.

use std::sync::Arc;

use blackbar_wire::pg::{CancelKey, Opening, OpeningError, Startup, read_opening};
use bytes::BytesMut;
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::link::Link;

/// What a client wants.
pub(super) enum Wish {
    /// A session.
    Session(Opened),
    /// That a session stops what it does.
    Cancel(CancelKey),
}

/// A connection on which a startup was read.
pub(super) struct Opened {
    pub(super) link: Link,
    pub(super) startup: Startup,
    /// Bytes that came behind it.
    pub(super) rest: BytesMut,
}

/// Why a connection ends before it began. The link, where an answer makes sense.
pub(super) enum NoWish {
    /// It is gone, or speaks something else.
    Gone,
    /// Its first packet cannot be taken.
    Malformed(Link, OpeningError),
    /// It may not go on without TLS.
    Cleartext(Link),
}

/// The name of the protocol, where TLS is spoken from the first byte.
pub(super) const ALPN: &[u8] = b"postgresql";
/// A client asks for each kind of encryption once.
const MOST_REQUESTS: usize = 2;

/// Reads how a client begins, and gives it the TLS it asks for.
pub(super) async fn open(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Result<Wish, NoWish> {
    let needs_tls = tls.is_some();
    let mut buffer = BytesMut::with_capacity(1024);
    let mut first = [0];
    // Nothing is taken off the connection before it is known who reads it.
    if matches!(stream.peek(&mut first).await, Err(_) | Ok(0)) {
        return Err(NoWish::Gone);
    }
    let mut link = Link::Plain(stream);
    let mut encrypted = false;
    for _ in 0..=MOST_REQUESTS {
        let read = if encrypted || first != [TLS_HANDSHAKE] {
            let read = link.read_until(&mut buffer, |buffer| read_opening(buffer).transpose()).await;
            read.ok().flatten().ok_or(NoWish::Gone)?
        } else {
            Ok(Opening::DirectTls)
        };
        let opening = match read {
            Ok(opening) => opening,
            Err(error) => return Err(NoWish::Malformed(link, error)),
        };
        match opening {
            Opening::Startup(_) if needs_tls && !encrypted => return Err(NoWish::Cleartext(link)),
            Opening::Startup(startup) => return Ok(Wish::Session(Opened { link, startup, rest: buffer })),
            Opening::Cancel(key) => return Ok(Wish::Cancel(key)),
            Opening::SslRequest if tls.is_none() => link.write_all(b"N").await.map_err(|_| NoWish::Gone)?,
            Opening::SslRequest | Opening::DirectTls => {
                let direct = matches!(opening, Opening::DirectTls);
                // TLS within TLS is nobody's wish.
                let (Link::Plain(mut stream), Some(tls)) = (link, tls.clone()) else { return Err(NoWish::Gone) };
                if !direct {
                    stream.write_all(b"S").await.map_err(|_| NoWish::Gone)?;
                }
                let stream = TlsAcceptor::from(tls).accept(stream).await.map_err(|_| NoWish::Gone)?;
                // Without its name a server of another protocol could be meant.
                if direct && stream.get_ref().1.alpn_protocol() != Some(ALPN) {
                    return Err(NoWish::Gone);
                }
                link = Link::Tls(Box::new(TlsStream::Server(stream)));
                encrypted = true;
            }
            Opening::GssRequest => link.write_all(b"N").await.map_err(|_| NoWish::Gone)?,
        }
    }
    Err(NoWish::Gone)
}

/// The first byte of TLS.
const TLS_HANDSHAKE: u8 = 0x16;
