//! A small file system for a gateway's data.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::Room;

/// It is gone with the test.
pub(crate) struct Small(tempfile::TempDir);

impl Small {
    /// Moves the data folder of a room there. `None`, with a printed reason: nothing can be mounted here.
    pub(crate) fn under(room: &Room, size: &str) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        let option = format!("size={size}");
        if !mount.args(["-t", "tmpfs", "-o", &option, "none"]).arg(place.path()).output().unwrap().status.success() {
            super::skipped(&format!("a file system of {size} cannot be mounted here"));
            return None;
        }
        let this = Self(place);
        let (before, data) = (room.path("blackbar-data"), this.0.path().join("data"));
        assert!(Command::new("cp").arg("-a").args([&before, &data]).status().unwrap().success());
        std::fs::remove_dir_all(&before).unwrap();
        std::os::unix::fs::symlink(&data, &before).unwrap();
        Some(this)
    }

    /// Somebody else takes all the room that there is.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        let block = vec![1; 1 << 20];
        while file.write_all(&block).is_ok() {}
    }

    /// And gives it back.
    pub(crate) fn clear(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
