//! One output: coded like its input, under its name only when it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use tempfile::{NamedTempFile, TempPath};

use super::Target;
use super::digest::{Digest, Digesting};
use crate::error::{Error, Id};
use crate::input::Coding;
use crate::input::utf16::Encoder;

/// How the bytes of an output are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) coding: Coding,
    /// UTF-16, and whether its most significant byte comes first.
    pub(crate) utf16: Option<bool>,
}

/// An output that is being written. Dropped before [`Output::commit`], it leaves no file.
pub(crate) struct Output {
    writer: Writer,
    digest: Digest,
    place: Option<Place>,
}

/// What a committed output was.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) digest: Option<String>,
}

/// Where a temporary file will go.
struct Place {
    temporary: TempPath,
    target: PathBuf,
    permissions: Option<Permissions>,
    replaces: bool,
}

type Bottom = BufWriter<Digesting<Stored>>;

/// Small pieces are gathered; a piece of this size goes out as it is.
const GATHERED: usize = 128 << 10;

enum Stored {
    Stdout(Stdout),
    File(File),
}

enum Coder {
    Plain(Bottom),
    Gzip(Box<GzEncoder<Bottom>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Bottom>>),
}

enum Writer {
    Bytes(Coder),
    Wide(Encoder<Coder>),
}

impl Output {
    /// Begins an output. `permissions` are those of the input.
    pub(crate) fn create(
        target: &Target,
        shape: Shape,
        permissions: Option<Permissions>,
        replaces: bool,
        key: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let digest = Digest::new(key);
        let (stored, place) = match target {
            Target::Stdout => (Stored::Stdout(io::stdout()), None),
            Target::File(path) => {
                let (file, temporary) = temporary_beside(path, permissions.is_some())?.into_parts();
                let place = Place { temporary, target: path.clone(), permissions, replaces };
                (Stored::File(file), Some(place))
            }
        };
        let bottom = BufWriter::with_capacity(GATHERED, Digesting::new(stored, digest.clone()));
        let coder = match shape.coding {
            Coding::Plain => Coder::Plain(bottom),
            Coding::Gzip => Coder::Gzip(Box::new(GzEncoder::new(bottom, flate2::Compression::default()))),
            Coding::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(bottom, zstd::DEFAULT_COMPRESSION_LEVEL);
                Coder::Zstd(Box::new(encoder.map_err(|error| unwritable(&error))?))
            }
        };
        let writer = match shape.utf16 {
            None => Writer::Bytes(coder),
            Some(big_endian) => Writer::Wide(Encoder::new(coder, big_endian)),
        };
        Ok(Self { writer, digest, place })
    }

    /// Writes text of the output.
    pub(crate) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Writer::Bytes(coder) => coder.write_all(text),
            Writer::Wide(encoder) => encoder.write_all(text),
        }
    }

    /// Lets a reader of a pipe see what is there so far; files need no such thing.
    pub(crate) fn flush_pipe(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Bytes(Coder::Plain(bottom)) if self.place.is_none() => bottom.flush(),
            _ => Ok(()),
        }
    }

    /// Ends the output; a file appears under its name.
    pub(crate) fn commit(self) -> Result<Kept, Error> {
        let Self { writer, digest, place } = self;
        let stored = finish(writer).map_err(|error| unwritable(&error))?;
        if let (Some(place), Stored::File(file)) = (place, stored) {
            place.settle(&file)?;
        }
        Ok(Kept { digest: digest.hex() })
    }
}

impl Write for Output {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        Self::write(self, text).map(|()| text.len())
    }

    /// Lets whoever reads a pipe see what is there; a file is seen when it is complete.
    fn flush(&mut self) -> io::Result<()> {
        self.flush_pipe()
    }
}

/// What a failed write to an output is.
pub(crate) fn unwritable(error: &io::Error) -> Error {
    Error::io(Id::OutputUnwritable, "the output cannot be written", error)
}

/// Writes a whole file in place of the one there may be.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: &io::Error| unwritable(error).at_path(path);
    let mut file = temporary_beside(path, false)?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

impl Place {
    fn settle(self, file: &File) -> Result<(), Error> {
        let failed = |error: &io::Error| unwritable(error).at_path(&self.target);
        if let Some(permissions) = self.permissions {
            file.set_permissions(permissions).map_err(|error| failed(&error))?;
        }
        if self.replaces {
            return self.temporary.persist(&self.target).map_err(|error| failed(&error.error));
        }
        self.temporary.persist_noclobber(&self.target).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                let what = "a file of that name appeared while the output was written";
                return Error::new(Id::OutputAppeared, what).at_path(&self.target).hint("use --force to replace it");
            }
            failed(&error.error)
        })
    }
}

/// An unfinished file in the folder of `path`, so that giving it its name is one step. Unless its permissions are set
/// later, it gets those that a new file gets.
fn temporary_beside(path: &Path, owner_only: bool) -> Result<NamedTempFile, Error> {
    let failed = |error: &io::Error| unwritable(error).at_path(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".blackbar-").suffix(".partial");
    #[cfg(unix)]
    if !owner_only {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| failed(&error))
}

fn finish(writer: Writer) -> io::Result<Stored> {
    let coder = match writer {
        Writer::Bytes(coder) => coder,
        Writer::Wide(encoder) => encoder.finish()?,
    };
    let bottom = match coder {
        Coder::Plain(bottom) => bottom,
        Coder::Gzip(encoder) => encoder.finish()?,
        Coder::Zstd(encoder) => encoder.finish()?,
    };
    let mut stored = bottom.into_inner().map_err(io::IntoInnerError::into_error)?.into_inner();
    stored.flush()?;
    Ok(stored)
}

impl Write for Coder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(bottom) => bottom.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(bottom) => bottom.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl Write for Stored {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(file) => file.flush(),
        }
    }
}
