//! Each test runs this test program again, as a process that confines itself and then attempts the
//! forbidden operations.

use super::{Files, around_compiler, around_server};
use rustix::fs::inotify;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The environment variable that makes a process confine itself. Its value is the folder of the
/// test's files.
const ROLE: &str = "HOSTEL_TEST_WALL";

/// Runs a test of this file in a separate process, and checks that it passes there.
#[track_caller]
fn check(test: &str, inside: fn(&Path)) {
    if let Some(folder) = std::env::var_os(ROLE) {
        return inside(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["read", "write", "neither"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("file"), name).unwrap();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ROLE, folder.path());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[track_caller]
fn check_denied<T>(what: &str, result: io::Result<T>) {
    match result {
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}"),
        Ok(_) => panic!("{what} is allowed"),
    }
}

fn call(number: libc::c_long) -> io::Result<()> {
    // SAFETY: all arguments are zero, so the call has no pointer to this process's memory.
    match unsafe { libc::syscall(number, 0, 0, 0, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[test]
fn a_server_reaches_its_files_alone_and_starts_nothing() {
    check("wall::tests::a_server_reaches_its_files_alone_and_starts_nothing", |folder| {
        let (read, write) = (folder.join("read"), folder.join("write"));
        let files = Files { read: vec![read.clone()], write: vec![write.clone()] };
        let standing = around_server(&files);
        assert_eq!(standing.to_string(), "landlock, seccomp");
        try_as_server(folder);
        // Threads started later are confined too.
        let folder = folder.to_owned();
        std::thread::spawn(move || try_as_server(&folder)).join().unwrap();
    });
}

fn try_as_server(folder: &Path) {
    let (read, write, neither) =
        (folder.join("read"), folder.join("write"), folder.join("neither"));
    assert_eq!(fs::read_to_string(read.join("file")).unwrap(), "read");
    assert_eq!(fs::read_dir(&read).unwrap().count(), 1);
    check_denied("writing what is read", File::create(read.join("file")));
    check_denied("making a file where files are read", File::create(read.join("new")));
    check_denied("removing a file where files are read", fs::remove_file(read.join("file")));
    fs::write(write.join("new"), "new").unwrap();
    fs::rename(write.join("new"), write.join("renamed")).unwrap();
    fs::remove_file(write.join("renamed")).unwrap();
    check_denied(
        "a link from where files are written",
        std::os::unix::fs::symlink("/", write.join("link")),
    );
    check_denied("reading another file", File::open(neither.join("file")));
    check_denied("listing another folder", fs::read_dir(&neither));
    check_denied("reading the passwords", File::open("/etc/passwd"));
    check_denied("starting a program", Command::new("/bin/true").status());
    for number in super::calls::REFUSED_TO_SERVERS {
        check_denied(&format!("call {number}"), call(*number));
    }
    TcpListener::bind("127.0.0.1:0").unwrap();
    try_watching(&write);
}

fn try_watching(folder: &Path) {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    let number = inotify::add_watch(&watch, folder, inotify::WatchFlags::CLOSE_WRITE).unwrap();
    fs::write(folder.join("watched"), "").unwrap();
    let mut buffer = [MaybeUninit::uninit(); 512];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    assert_eq!(events.next().unwrap().file_name(), Some(c"watched"));
    inotify::remove_watch(&watch, number).unwrap();
}

#[test]
fn a_compiler_opens_nothing_and_computes() {
    check("wall::tests::a_compiler_opens_nothing_and_computes", |folder| {
        let open = File::open(folder.join("read/file")).unwrap();
        around_compiler().unwrap();
        check_denied("reading a file", File::open(folder.join("read/file")));
        check_denied("making a file", File::create(folder.join("write/new")));
        check_denied("a connection", TcpListener::bind("127.0.0.1:0"));
        check_denied("starting a program", Command::new("/bin/true").status());
        check_denied("another process", call(libc::SYS_kill));
        assert_eq!(io::read_to_string(open).unwrap(), "read");
        assert_eq!(std::thread::spawn(|| vec![1; 1 << 20].len()).join().unwrap(), 1 << 20);
    });
}
