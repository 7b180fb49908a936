//! The policies beside the configuration.

use std::fs;
use std::path::Path;

use blackbar_policy::PolicySet;

use crate::error::{Error, Id};
use crate::notes;

/// Every `*.cedar` file of a folder.
#[derive(Debug)]
pub(crate) struct Policies {
    set: PolicySet,
}

impl Policies {
    /// Reads them. A folder that is not there holds none, and then nothing is allowed.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let failed = |error: &std::io::Error, path: &Path| {
            Error::io(Id::PolicyUnreadable, "the policies cannot be read", error).at_path(path)
        };
        let mut files: Vec<(String, String)> = Vec::new();
        match fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    let path = entry.map_err(|error| failed(&error, folder))?.path();
                    if path.extension().is_some_and(|extension| extension == "cedar") {
                        let text = fs::read_to_string(&path).map_err(|error| failed(&error, &path))?;
                        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                        files.push((name, text));
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&error, folder)),
        }
        let loaded = PolicySet::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let (set, warnings) = loaded.map_err(|error| {
            // Faults speak of policies, which hold no content.
            Error::new(Id::PolicyInvalid, error.to_string()).at_path(folder)
        })?;
        for warning in &warnings {
            notes::note(format_args!("policy: {warning}"));
        }
        if set.is_empty() {
            notes::note(format_args!("{} holds no policy: nothing is allowed", folder.display()));
        }
        Ok(Self { set })
    }

    pub(crate) const fn set(&self) -> &PolicySet {
        &self.set
    }
}
