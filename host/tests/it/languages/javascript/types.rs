//! TypeScript: the compiler options of projects, and the messages for type errors.

use super::hostel_in;
use crate::support::{stderr, stdout};
use std::path::Path;
use std::process::Output;

/// A service that uses the globals with their types.
const SOURCE: &str = r#"
    import { cache, type Request, type Services } from "hostel-sdk";
    function greet(request: Request): string[] {
        const url: URL = new URL("http://shop/?b=1");
        const timer: number = setTimeout(() => {}, 1);
        clearTimeout(timer);
        const signal: AbortSignal = new AbortController().signal;
        const headers = new Headers({ a: String(signal.aborted) });
        const bytes: Uint8Array = new TextEncoder().encode("a");
        console.debug("%s", performance.now() > 0, crypto.randomUUID(), cache.exists(request.id));
        const { map } = structuredClone({ map: new Map([[1, 2]]) });
        const text = new TextDecoder("latin1").decode(bytes);
        return [String(url.searchParams.get("b")), headers.get("a") ?? "", `${map.get(1)}`, text];
    }
    export default { greet } satisfies Services;
"#;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join("shop").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    folder
}

fn run(folder: &Path) -> Output {
    hostel_in(folder, &["run", "shop"])
}

#[track_caller]
fn check_builds(files: &[(&str, &str)]) {
    let folder = project(&[files, &[("shop.ts", SOURCE)]].concat());
    let output = run(folder.path());
    assert_eq!(stdout(&output), "[\"1\",\"false\",\"2\",\"a\"]\n", "{}", stderr(&output));
}

/// A service that uses the cache's results with their types.
const CACHE: &str = r#"
    import { cache, type Swap } from "hostel-sdk";
    interface User { name: string }
    const later = async (): Promise<User | null> => ({ name: "Ada" });
    async function uses(): Promise<unknown> {
        const count: number = cache.increment("n", 2, { expiry: 60 });
        const isNew: boolean = cache.setIfAbsent("user", { name: "Joe" });
        const swap: Swap = cache.compareAndSwapRaw("n", "2", undefined, { expiry: "keep" });
        const found: string | undefined = swap.swapped ? undefined : swap.current;
        const list = cache.update("list", (old: number[] = []) => [...old, 1]);
        const first: number | undefined = list[0];
        const user: User | undefined = cache.take<User>("user");
        const plain: number = cache.getOrSet("a", () => 1, { expiry: 60, early: 5, wait: 0 });
        const none: User | undefined = cache.getOrSet("b", (): User | null => null);
        const waited: User | undefined = await cache.getOrSet("c", later);
        const any: string = cache.getOrSet("d", () => JSON.parse("\"e\""));
        cache.setMany({ x: 1 });
        cache.setMany(new Map([["y", 2]]), { expiry: 60 });
        const many: (number | undefined)[] = cache.getMany<number>(["x", "y"]);
        const left: number | undefined = cache.ttl("y");
        const lives: boolean = cache.expire("y", "unlimited");
        const keys: string[] = [...cache.keys("x")];
        const removed: number = cache.deletePrefix("x") + cache.deleteMany(["y"]);
        return [count, isNew, found, first, user?.name, plain, none, waited?.name, any, many, left,
            lives, keys, removed].map((value) => value ?? null);
    }
    export default { uses };
"#;

#[test]
fn what_the_cache_returns_has_its_type() {
    let folder = project(&[("shop.ts", CACHE)]);
    let output = run(folder.path());
    let expected = "[2,true,null,1,\"Joe\",1,null,\"Ada\",\"e\",[1,2],60,true,[\"x\"],2]\n";
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
}

#[test]
fn a_type_that_the_cache_does_not_return_is_an_error() {
    for (call, words) in [
        ("cache.increment(\"k\", \"1\")", "not assignable to parameter of type 'number'"),
        ("cache.getOrSet(\"k\", async () => 1).then()", "Property 'then' does not exist"),
        ("cache.expire(\"k\")", "Expected 2 arguments"),
        ("cache.keys()", "Expected 1 arguments"),
        ("cache.update(\"k\", async (old?: number) => 1)", "is not assignable to"),
    ] {
        let source = format!(
            "import {{ cache }} from \"hostel-sdk\"; export default {{ a: () => {call} }};"
        );
        check_reported("{}", &source, words);
    }
}

#[test]
fn a_project_without_lib_builds() {
    let options = r#"{ "compilerOptions": { "strict": true, "skipLibCheck": false } }"#;
    check_builds(&[("tsconfig.json", options)]);
}

#[test]
fn a_project_with_types_of_a_browser_and_of_tests_builds() {
    let options = r#"{ "compilerOptions": {
        "strict": true, "lib": ["ES2024", "DOM"], "types": ["node", "jest"] } }"#;
    check_builds(&[("tsconfig.json", options)]);
}

#[test]
fn a_project_with_settings_that_the_compiler_removed_builds() {
    let base = r#"{ "compilerOptions": {
        "strict": true, "target": "es5", "module": "commonjs", "moduleResolution": "node",
        "baseUrl": ".", "esModuleInterop": false, "downlevelIteration": true, "outDir": "dist",
        "rootDir": "src", "composite": true, "emitDeclarationOnly": true } }"#;
    let options = r#"{ "extends": "./base.json", "include": ["src"] }"#;
    check_builds(&[("base.json", base), ("tsconfig.json", options)]);
}

#[test]
fn a_project_of_references_builds_by_the_one_of_the_source() {
    let options = r#"{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }"#;
    let app = r#"{ "compilerOptions": { "lib": ["ES2024"], "paths": { "@/*": ["./lib/*"] } },
        "include": ["*.ts", "lib"] }"#;
    let source = "import { price } from \"@/price\"; export default { a: (): number => price };";
    let folder = project(&[
        ("tsconfig.json", options),
        ("tsconfig.app.json", app),
        ("lib/price.ts", "export const price = 5;"),
        ("shop.ts", source),
    ]);
    let output = run(folder.path());
    assert_eq!(stdout(&output), "5\n", "{}", stderr(&output));
}

/// Checks that the build fails, and that the error contains these words and names no file of
/// Hostel.
#[track_caller]
fn check_reported(options: &str, source: &str, words: &str) {
    let folder = project(&[("tsconfig.json", options), ("shop.ts", source)]);
    let output = run(folder.path());
    assert!(!output.status.success());
    let told = stderr(&output);
    assert!(told.contains(words), "no {words:?} in {told}");
    for wrong in ["javascript/tsconfig.json", "globals.d.ts", "hostel/0"] {
        assert!(!told.contains(wrong), "{wrong} in {told}");
    }
}

#[test]
fn an_error_of_settings_names_the_projects_own_file() {
    let source = "export default { a: () => 1 };";
    for (options, words) in [
        (
            r#"{ "compilerOptions": { "bogus": true } }"#,
            "tsconfig.json:1:24: error TS5023: Unknown compiler option 'bogus'",
        ),
        (r#"{ "extends": "./gone.json" }"#, "shop/gone.json'"),
        (
            r#"{ "compilerOptions": { "types": ["./gone"] } }"#,
            "tsconfig.json: error TS2688: Cannot find type definition file for",
        ),
    ] {
        check_reported(options, source, words);
    }
}

#[test]
fn the_name_of_a_missing_service_is_reported_with_the_existing_ones() {
    let options = r#"{ "compilerOptions": { "lib": ["ES2024"] } }"#;
    let source = "export default { a: () => Buffer.from(\"a\") };";
    let words = "shop.ts:1:27: error TS2591: Cannot find name 'Buffer': a service does not run \
                 on Node: use Uint8Array";
    check_reported(options, source, words);
}
