//! Files that a component from Python includes: the files beside its source, and the files of its
//! packages.

use crate::source;
use crate::support::{hostel, stderr, stdout};

/// Returns a virtual environment with a time zone, and a package that has data and a dynamically
/// imported module.
fn environment() -> tempfile::TempDir {
    // A TZif file with one type of time, an hour ahead of UTC, and no transitions.
    let zone = [&b"TZif"[..], &[0; 35], &[1, 0, 0, 0, 4, 0, 0, 14, 16, 0, 0], b"CET\0"].concat();
    let environment = tempfile::tempdir().unwrap();
    let packages = environment.path().join("lib/python3.14/site-packages");
    let files: [(&str, &[u8]); 8] = [
        ("boxes/__init__.py", b"import importlib\ndef get(name):\n    return importlib.import_module('boxes.' + name).SIZE\n"),
        ("boxes/big.py", b"SIZE = 9\n"),
        ("boxes/data/sizes.txt", b"small"),
        ("boxes/native.so", b""),
        ("tzdata/__init__.py", b""),
        ("tzdata/zoneinfo/__init__.py", b""),
        ("tzdata/zoneinfo/Europe/__init__.py", b""),
        ("tzdata/zoneinfo/Europe/Paris", &zone),
    ];
    for (name, content) in files {
        let file = packages.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    environment
}

const READER: &str = "import json
import os
import pkgutil
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo
import boxes
from hostel_sdk import service

HERE = Path(__file__).parent

@service
def files():
    return [
        (HERE / 'pages' / 'a.txt').read_text(),
        json.load(open('config.json')),
        sorted(path.name for path in HERE.glob('**/*.txt')),
        sorted(os.listdir(HERE)),
        [(HERE / name).exists() for name in ['pages', 'config.json', '.env', 'none']],
        (HERE / 'pages').is_dir(),
    ]

@service
def packages():
    box = resources.files('boxes') / 'data' / 'sizes.txt'
    return [box.read_text(), pkgutil.get_data('boxes', 'data/sizes.txt').decode(), boxes.get('big')]

@service
def zone():
    return datetime(2026, 1, 1, tzinfo=ZoneInfo('Europe/Paris')).isoformat()

@service
def missing():
    (HERE / 'none.txt').read_text()

@service
def writing():
    (HERE / 'new.txt').write_text('a')

@service
def host():
    return [Path('/etc/passwd').exists(), Path('/tmp').exists()]

@service
def codecs():
    name = 'unicode-escape'  # Looked up at a request, as templates do.
    return b'\\x41'.decode(name)
";

#[test]
fn files_beside_a_source_and_of_packages_are_read_at_a_request() {
    let files: [(&str, &[u8]); 5] = [
        ("svc.py", READER.as_bytes()),
        ("config.json", b"7"),
        ("pages/a.txt", b"one"),
        ("pages/b.txt", b""),
        (".env", b"secret"),
    ];
    let (_outside, folder) = source::folder_with("svc", &files);
    let environment = environment();
    let run = || {
        let mut command = hostel();
        command.current_dir(&folder).args(["run", "."]);
        command.env("VIRTUAL_ENV", environment.path()).output().unwrap()
    };
    let output = run();
    let (body, log) = (stdout(&output), stderr(&output));
    let listed = r#"["a.txt","b.txt"],["config.json","pages"],[true,true,false,false],true]"#;
    let expected = [
        format!(r#"["one",7,{listed}"#),
        r#"["small","small",9]"#.to_owned(),
        r#""2026-01-01T00:00:00+01:00""#.to_owned(),
        "[false,false]".to_owned(),
        r#""A""#.to_owned(),
    ];
    assert_eq!(body.lines().collect::<Vec<_>>(), expected, "{log}");
    assert!(log.contains("No such file or directory: 'none.txt'"), "{log}");
    assert!(
        log.contains("a service cannot write files: store values in the cache: 'new.txt'"),
        "{log}"
    );

    std::fs::write(folder.join("pages/a.txt"), "two").unwrap();
    let again = run();
    assert!(stdout(&again).starts_with(r#"["two",7"#), "{}", stderr(&again));
    std::fs::remove_dir_all(environment.path().join("lib/python3.14/site-packages/tzdata"))
        .unwrap();
    let without = run();
    assert!(stderr(&without).contains("run `pip install tzdata` in"), "{}", stderr(&without));
}
