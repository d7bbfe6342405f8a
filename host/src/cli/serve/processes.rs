//! How a server compiles components and builds sources: in subprocesses on Linux, otherwise in the
//! server process.

#[cfg(target_os = "linux")]
pub(super) use linux::Processes;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Processes;

#[cfg(target_os = "linux")]
mod linux {
    use crate::cli::internal;
    use crate::process::{Cancellation, Task};
    use crate::source::{Inputs, Location, Source};
    use crate::telemetry::{Level, LogSink, escape_fixed, log_event};
    use crate::{Built, Compiler, Launcher, toolchain};
    use std::error::Error;
    use std::fs::File;
    use std::io::{self, BufRead, BufReader, Read};
    use std::os::fd::AsFd;

    /// Maximum bytes to log of each line that a build prints.
    const MAX_LINE_BYTES: usize = 8 << 10;

    /// Maximum bytes to read of the error of a failed build.
    const MAX_ERROR_BYTES: u64 = 64 << 10;

    /// Starts a server's subprocesses.
    #[derive(Clone)]
    pub(in super::super) struct Processes(pub(in super::super) Launcher);

    impl Processes {
        pub(in super::super) fn compiler(&self) -> Compiler {
            Compiler::Process(self.0.clone())
        }

        /// Replaces helper processes that end: calls [`Launcher::watch`], and logs its lines.
        pub(in super::super) fn watch(&self, log: &LogSink) -> io::Result<()> {
            let log = LogSink::clone(log);
            self.0.watch(move |line| log_event(&log, Level::Warn, "", line))
        }

        /// Builds a source, and logs the tools' output.
        pub(in super::super) fn build(&self, source: &Source, log: &LogSink) -> Built {
            let mut inputs = Inputs::default();
            let component = self.run(source, log, &mut inputs);
            Built { component, inputs }
        }

        fn run(
            &self,
            source: &Source,
            log: &LogSink,
            inputs: &mut Inputs,
        ) -> Result<File, Box<dyn Error + Send + Sync>> {
            let path = std::path::absolute(Location::Source(source.clone()).path())?;
            // Use an unnamed file, so that no file is left behind, and a file on disk, because the
            // component may be large.
            let folder = toolchain::code_folder().ok_or("no folder to build in")?;
            let mut component = tempfile::tempfile_in(folder)?;
            let (input, _) = io::pipe()?;
            let output = component.as_fd().try_clone_to_owned()?;
            let task = Task::Build { path, is_quick: toolchain::builds_quickly() };
            let running = self.0.launch(task, input.into(), output, &Cancellation::default())?;
            log_lines(&running.errors, log);
            let ended = running.wait()?;
            if let Some(error) = ended.error {
                return Err(error.into());
            }
            let code = ended.code.ok_or("the build was killed")?;
            *inputs = internal::take_inputs(&mut component)?;
            if code == 0 {
                return Ok(component);
            }
            // The maximum may cut a character.
            let mut reason = Vec::new();
            component.take(MAX_ERROR_BYTES).read_to_end(&mut reason)?;
            Err(String::from_utf8_lossy(&reason).into())
        }
    }

    fn log_lines(output: &File, log: &LogSink) {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            log_event(log, Level::Info, "", &escape_fixed(&line, MAX_LINE_BYTES));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use crate::source::{self, Inputs, Source};
    use crate::telemetry::{Level, LogSink, escape_fixed, log_event};
    use crate::toolchain::Progress;
    use crate::{Built, Compiler};
    use std::fs::File;

    /// Maximum bytes to log of each line that a build prints.
    const MAX_LINE_BYTES: usize = 8 << 10;

    /// On this system, the server itself compiles components and builds sources.
    #[derive(Clone)]
    pub(in super::super) struct Processes;

    impl Processes {
        pub(in super::super) fn compiler(&self) -> Compiler {
            Compiler::InProcess
        }

        /// Does nothing: there are no helpers.
        #[expect(clippy::unnecessary_wraps, reason = "as where there are processes")]
        pub(in super::super) fn watch(&self, _log: &LogSink) -> std::io::Result<()> {
            Ok(())
        }

        /// Builds a source, and logs the tools' output.
        pub(in super::super) fn build(&self, source: &Source, log: &LogSink) -> Built {
            let line = |message: &str| {
                log_event(log, Level::Info, "", &escape_fixed(message, MAX_LINE_BYTES));
            };
            let mut inputs = Inputs::default();
            let progress = Progress { line: &line, step: &line, colour: false };
            let built = source::build(source, progress, &mut inputs);
            let component = built.map_err(Into::into).and_then(|file| Ok(File::open(file)?));
            Built { component, inputs }
        }
    }
}
