//! C, C++ and Zig: one compiler builds a core module, which is then encoded as a component.

use super::work::Work;
use super::{
    BuildError, Check, Inputs, Progress, SdkError, Source, encode, is_test, kept, pip, sdk, tool,
};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmparser::{Parser, Payload};

/// The Python package that contains the compiler, the linker and the C and C++ libraries, and the
/// package's version.
const PACKAGE: &str = "ziglang";
const VERSION: &str = "0.17.1";

const FIX: &str =
    "install Python 3 with pip, and open a new shell: the C compiler comes from there";

/// The compiler's flags. They are part of the cache key. The linker's default stack of 16 MiB would
/// take a quarter of the memory that a guest may have by default.
const FLAGS: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-mexec-model=reactor",
    "-O2",
    "-Wall",
    "-Wl,-z,stack-size=1048576",
];

/// The linker's messages for a source without a list of services, and for a source with two lists.
const NO_SERVICES: &str = "undefined symbol: hostel_service";
const TWO_LISTS: &str = "duplicate symbol: hostel_service";

/// Builds a folder's sources, or one file, and returns the path of the component.
pub(super) fn build(work: Work<'_>, inputs: &mut Inputs) -> Result<PathBuf, BuildError> {
    let Work { source, .. } = work;
    // A `.gitignore` that names the link to the SDK comes from the template. The template's unit
    // test needs the link.
    let ignored = fs::read_to_string(source.folder.join(".gitignore")).unwrap_or_default();
    if ignored.contains(sdk::LINK) {
        sdk::link(&source.folder)?;
    }
    let tools = format!("{PACKAGE} {VERSION} {}", FLAGS.join(" "));
    kept::component(work, &tools, inputs, |out, read| compile(work, out, read))
}

fn compile(work: Work<'_>, out: &Path, read: &mut Inputs) -> Result<(), BuildError> {
    let Work { source, modules, progress } = work;
    let scratch = tempfile::tempdir().map_err(|error| write_failed(out, error))?;
    // Give the core module the file name of the component, because traps show that name.
    let core = scratch.path().join(source.component_name());
    let zig = Zig::fetched(source, progress)?;
    let files = inputs_of(source)?;
    let mut inputs = Vec::new();
    for file in &files {
        read.add(file);
        let is_zig = has_ending(file, &["zig"]);
        if is_zig {
            // Zig's compiler does not report the files that it reads. A Zig source may embed any
            // file in its folder.
            let beside = fs::read_dir(&source.folder).into_iter().flatten().flatten();
            beside.map(|entry| entry.path()).filter(|it| it.is_file()).for_each(|it| read.add(&it));
            modules.unwrap_or_default().iter().for_each(|file| read.add(file));
        } else {
            zig.add_read(file, read)?;
        }
        inputs.push(if is_zig { zig.object(file, scratch.path())? } else { file.clone() });
    }
    read.retain(|file| !file.starts_with(&zig.sdk));
    zig.link(&inputs, &core)?;
    let module = fs::read(&core).map_err(|error| read_failed(&core, error))?;
    let module = without_debug(&module).unwrap_or(module);
    fs::write(out, encode::componentize(&module)?).map_err(|error| write_failed(out, error))
}

/// Returns the files to compile. If a whole folder is one service, these are the source's file, and
/// the C and C++ files in the folder except tests. Otherwise only the source's file is compiled.
fn inputs_of(source: &Source) -> Result<Vec<PathBuf>, BuildError> {
    let mut inputs = vec![source.file.clone()];
    if !source.is_whole_folder {
        return Ok(inputs);
    }
    let failed = |error| read_failed(&source.folder, error);
    for entry in fs::read_dir(&source.folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let is_source = has_ending(&file, &["c", "cpp", "cc"]) && !is_test(&file);
        if is_source && file.file_name() != source.file.file_name() {
            inputs.push(file);
        }
    }
    inputs.sort();
    Ok(inputs)
}

fn has_ending(file: &Path, endings: &[&str]) -> bool {
    file.extension().and_then(OsStr::to_str).is_some_and(|ending| endings.contains(&ending))
}

/// The compiler, set up for one source.
struct Zig<'a> {
    program: PathBuf,
    /// The folder of the compiler's cache, which contains mostly compiled libraries.
    cache: PathBuf,
    /// The SDK's folder for C.
    sdk: PathBuf,
    source: &'a Source,
    progress: Progress<'a>,
}

impl<'a> Zig<'a> {
    fn fetched(source: &'a Source, progress: Progress<'a>) -> Result<Zig<'a>, BuildError> {
        let folder = kept::tool(PACKAGE, VERSION, progress, |folder| fetch(folder, progress))?;
        let program = folder.join(PACKAGE).join("zig");
        let cache = sdk::cache_folder()?.join("zig");
        let sdk = sdk::lay_out()?.join("guest-sdk/c");
        Ok(Zig { program, cache, sdk, source, progress })
    }

    /// Compiles a Zig file, which imports the SDK as `hostel`, to an object file.
    fn object(&self, file: &Path, scratch: &Path) -> Result<PathBuf, BuildError> {
        let mut translate = self.command("translate-c");
        // On the first use, Zig compiles its translator of C headers. With optimization, that would
        // take two minutes.
        translate.env("ZIG_DEBUG_CMD", "1").args(["-target", "wasm32-wasi", "-lc"]);
        translate.arg(self.include()).arg(self.sdk.join("hostel.h"));
        let what = "the translator of C headers to Zig, once (some seconds)";
        let lines = self.run(&mut translate, "zig-translator", what, true)?;
        let header = scratch.join("hostel.zig");
        fs::write(&header, lines.join("\n")).map_err(|error| write_failed(&header, error))?;
        let object = scratch.join("service.o");
        let mut compile = self.command("build-obj");
        compile
            .args(["-target", "wasm32-wasi", "-lc", "-O", "ReleaseSmall", "--dep", "hostel"])
            .arg(with_path("-Mroot=", file))
            .arg(with_path("-Mhostel=", &header))
            .arg(with_path("-femit-bin=", &object));
        self.run(&mut compile, "zig", "the Zig library, once", false)?;
        Ok(object)
    }

    /// Adds a C or C++ file and the files that it includes to `read`. Adds missing files too, but
    /// no system headers.
    fn add_read(&self, file: &Path, read: &mut Inputs) -> Result<(), BuildError> {
        let mut preprocess = self.command("cc");
        preprocess.args(["-target", "wasm32-wasi", "-MM", "-MG"]).arg(self.include()).arg(file);
        // Ignore errors: the compilation reports them.
        let told = tool::output("zig", FIX, &mut preprocess)?;
        read.add_rule(&String::from_utf8_lossy(&told.stdout));
        Ok(())
    }

    /// Compiles the C and C++ files, and links all inputs with the SDK.
    fn link(&self, inputs: &[PathBuf], core: &Path) -> Result<(), BuildError> {
        let mut compile = self.command("cc");
        let colour =
            if self.progress.colour { "-fcolor-diagnostics" } else { "-fno-color-diagnostics" };
        compile.args(FLAGS).arg(colour).arg(self.include());
        compile.args(inputs).arg(self.sdk.join("hostel.c")).arg("-o").arg(core);
        if inputs.iter().any(|file| has_ending(file, &["cpp", "cc"])) {
            // The host's engine does not support WebAssembly exceptions.
            compile.args(["-fno-exceptions", "-lc++"]);
            let what = "the C++ library for WebAssembly, once (about two minutes)";
            self.run(&mut compile, "c++", what, false)?;
        } else {
            let what = "the C library for WebAssembly, once (about half a minute)";
            self.run(&mut compile, "c", what, false)?;
        }
        Ok(())
    }

    fn command(&self, does: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(does)
            .env("ZIG_GLOBAL_CACHE_DIR", &self.cache)
            .env("ZIG_LOCAL_CACHE_DIR", &self.cache);
        command
    }

    fn include(&self) -> OsString {
        with_path("-I", &self.sdk)
    }

    /// Runs one step of the build, and returns the lines of its stdout. If the step must first
    /// compile a library, reports this. Later builds find the library in the cache.
    fn run(
        &self,
        command: &mut Command,
        library: &str,
        what: &str,
        keeps_stdout: bool,
    ) -> Result<Vec<String>, BuildError> {
        let mark = self.cache.join(format!("compiled-{library}"));
        if !mark.exists() {
            (self.progress.line)(&format!("compiling {what}"));
        }
        let (no_services, two_lists) = (AtomicBool::new(false), AtomicBool::new(false));
        let line = |line: &str| {
            no_services.fetch_or(line.contains(NO_SERVICES), Ordering::Relaxed);
            two_lists.fetch_or(line.contains(TWO_LISTS), Ordering::Relaxed);
            (self.progress.line)(line);
        };
        let progress = Progress { line: &line, ..self.progress };
        let lines = tool::run("zig", &self.source.file, command, progress, &[], keeps_stdout);
        let lines = lines.map_err(|error| {
            let told = no_services.into_inner() || two_lists.into_inner();
            if told { self.list_error() } else { error }
        })?;
        fs::write(&mark, "").map_err(|error| write_failed(&mark, error))?;
        Ok(lines)
    }

    fn list_error(&self) -> BuildError {
        let why = "a plugin lists its services once: `HOSTEL_SERVICES({\"name\", \"what it does\", \
                   handler})` in one of its files";
        BuildError::Failed { path: self.source.file.clone(), why: why.to_owned() }
    }
}

/// Installs the compiler's package into a folder, and checks that the compiler runs.
fn fetch(folder: &Path, progress: Progress<'_>) -> Result<(), BuildError> {
    let package = format!("{PACKAGE}=={VERSION}");
    pip::install(&["--only-binary=:all:", "--no-deps", &package], folder, progress)?;
    let mut zig = Command::new(folder.join(PACKAGE).join("zig"));
    tool::try_fetched(PACKAGE, zig.arg("version"))
}

fn with_path(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

fn read_failed(path: &Path, source: io::Error) -> BuildError {
    BuildError::Read { path: path.to_owned(), source }
}

fn write_failed(path: &Path, source: io::Error) -> BuildError {
    SdkError::Write { path: path.to_owned(), source }.into()
}

/// Returns a module without its debugging sections, to save space. Keeps the names of functions for
/// traps. Returns `None` if the module cannot be parsed.
fn without_debug(module: &[u8]) -> Option<Vec<u8>> {
    const HEADER_BYTES: usize = 8;
    let mut kept = module.get(..HEADER_BYTES)?.to_vec();
    let mut end = HEADER_BYTES;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        let Some((_, content)) = payload.as_section() else {
            continue;
        };
        let is_debug =
            matches!(&payload, Payload::CustomSection(s) if s.name().starts_with(".debug"));
        if !is_debug {
            kept.extend_from_slice(module.get(end..content.end)?);
        }
        end = content.end;
    }
    Some(kept)
}

/// Checks the tools for C, C++ and Zig.
pub(super) fn doctor() -> Vec<Check> {
    let pip = pip::version();
    let folder = sdk::data_folder().ok().map(|data| data.join("tools"));
    let zig = folder.map(|tools| tools.join(format!("{PACKAGE}-{VERSION}/{PACKAGE}/zig")));
    let zig = zig.filter(|zig| zig.is_file()).map(|zig| zig.display().to_string());
    let later = pip.as_ref().map(|_| format!("{PACKAGE} {VERSION}, the first build fetches it"));
    vec![
        Check { what: "python3 with pip", found: pip, fix: FIX },
        Check { what: "zig", found: zig.or(later), fix: FIX },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Language;

    /// A module with a custom section for each name.
    fn module(names: &[&str]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for name in names {
            let length = u8::try_from(name.len()).unwrap();
            module.extend([0, length + 2, length]);
            module.extend(name.bytes().chain([7]));
        }
        module
    }

    #[test]
    fn only_debugging_sections_are_dropped() {
        let all = module(&[".debug_info", "name", ".debug_line", "producers"]);
        assert_eq!(without_debug(&all), Some(module(&["name", "producers"])));
        assert_eq!(without_debug(&module(&[])), Some(module(&[])));
        let (_, cut) = all.split_last().unwrap();
        assert_eq!(without_debug(cut), None);
        assert_eq!(without_debug(b"\0as"), None);
    }

    #[track_caller]
    fn check_inputs(files: &[&str], file: &str, is_whole_folder: bool, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("my-shop");
        fs::create_dir(&shop).unwrap();
        for file in files {
            fs::write(shop.join(file), "").unwrap();
        }
        let (language, file) = (Language::C, shop.join(file));
        let source = Source { language, folder: shop.clone(), file, is_whole_folder };
        let expected: Vec<_> = expected.iter().map(|file| shop.join(file)).collect();
        assert_eq!(inputs_of(&source).unwrap(), expected, "{files:?}");
    }

    #[test]
    fn a_folder_is_compiled_whole_but_for_tests_and_a_file_among_others_alone() {
        let shop = ["my_shop.c", "prices.c", "tax.cpp", "test_my_shop.c", "tax_test.cpp", "a.h"];
        check_inputs(&shop, "my_shop.c", true, &["my_shop.c", "prices.c", "tax.cpp"]);
        check_inputs(&shop, "prices.c", false, &["prices.c"]);
        let zig = ["my-shop.zig", "more.zig", "c.c"];
        check_inputs(&zig, "my-shop.zig", true, &["c.c", "my-shop.zig"]);
    }
}
