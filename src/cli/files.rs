//! Files that the program writes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file as a whole, so that it has the old or the new contents even if the program is interrupted. The permissions
/// stay, and a link still leads to the file.
///
/// # Errors
///
/// If the file or its directory cannot be written.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mesh-").tempfile_in(directory)?;
    file.write_all(contents)?;
    match fs::metadata(&path) {
        Ok(old) if old.permissions().readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
        Ok(old) => file.as_file().set_permissions(old.permissions())?,
        Err(_) => allow_reading(file.as_file())?,
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Gives a new file the permissions that files usually have; those of temporary files are for their owner only.
#[cfg(unix)]
fn allow_reading(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_file: &fs::File) -> io::Result<()> {
    Ok(())
}
