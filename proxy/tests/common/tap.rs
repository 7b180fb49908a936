//! A wire between clients and a gateway that keeps what came to each client, whatever driver it speaks with.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The bytes of each connection, in the order in which they were made.
pub(crate) struct Tap {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

type Heard = Arc<Mutex<Vec<u8>>>;

impl Tap {
    /// Listens before a gateway; what connects while nobody listens there is closed.
    pub(crate) fn before(gateway: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self { port: listener.local_addr().unwrap().port(), heard: Arc::default() };
        let heard = Arc::clone(&this.heard);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", gateway))) else { continue };
                let log = Heard::default();
                heard.lock().unwrap().push(Arc::clone(&log));
                join(client, server, log);
            }
        });
        this
    }

    /// What came on each connection so far.
    pub(crate) fn connections(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().iter().map(|log| log.lock().unwrap().clone()).collect()
    }
}

fn join(client: TcpStream, server: TcpStream, log: Heard) {
    let (upwards, downwards) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    for (mut from, mut to, log) in [(upwards, downwards, None), (server, client, Some(log))] {
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                if let Some(log) = &log {
                    log.lock().unwrap().extend_from_slice(&buffer[..read]);
                }
                if to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
