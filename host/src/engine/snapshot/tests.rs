//! Tests of snapshots, on a minimal component.

use super::*;
use crate::engine::Compiler;

/// A component with two modules. The first has the memory and three globals. The second has a
/// global that stands for a handle of the host, and the function that discards this handle.
/// `services` changes the memory and all mutable globals. It traps if a previous call has set the
/// handle and the handle was not discarded since.
const BASE: &str = r#"
(component
  (core module $main
    (memory (export "memory") 1)
    (global $fixed i32 (i32.const 7))
    (global $small (export "small") (mut i32) (i32.const 40))
    (global $large (mut i64) (i64.const 0x1_0000_0000))
    (data (i32.const 8) "\01")
    (func (export "more") (param $forgotten i32)
      (if (i32.ne (local.get $forgotten) (i32.const 0)) (then unreachable))
      (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (global.get $fixed)))
      (i32.store8 (i32.const 65000) (i32.const 3))
      (global.set $small (i32.sub (global.get $small) (i32.const 50)))
      (global.set $large (i64.add (global.get $large) (i64.const 1)))
      (drop (memory.grow (i32.const 1)))
    )
  )
  (core instance $main (instantiate $main))
  (core module $more
    (import "main" "more" (func $more (param i32)))
    (global $handles (mut i32) (i32.const 0))
    (func (export "__wasilibc_reset_preopens") (global.set $handles (i32.const 0)))
    (func (export "services")
      (call $more (global.get $handles))
      (global.set $handles (i32.const 1))
    )
  )
  (core instance $lib (instantiate $more (with "main" (instance $main))))
  (func $services (canon lift (core func $lib "services")))
  (instance $handler (export "services" (func $services)))
  (export "hostel:service/handler@0.1.0" (instance $handler))
)
"#;

fn snapshot(base: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let nothing = Surroundings::default();
    take(base, "hostel:service/handler@0.1.0", &nothing, &Compiler::InProcess, None)
}

/// Returns the memory and the globals of a component before any call, as the probe reads them.
fn begins_with(component: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let layout = Layout::read(component).unwrap();
    let bytes = probe::add(component, &layout).unwrap();
    let engine = wasmtime::Engine::new(&config(&Limits::default())).unwrap();
    let component = Component::new(&engine, bytes).unwrap();
    let store = Store::new(&engine, Visit::to(&Surroundings::default()).unwrap());
    let mut state = read(&component, store, |_, _| Ok(())).unwrap();
    let globals = state.split_off(state.len() - probe::bytes_behind(&layout) as usize);
    (state, globals[probe::SLOT as usize..].to_vec())
}

#[test]
fn a_component_begins_where_the_base_was() {
    let mut component = wat::parse_str(BASE).unwrap();
    for round in 1..=2 {
        component = snapshot(&component).unwrap();
        let (memory, globals) = begins_with(&component);
        assert_eq!(memory.len(), (1 + round) << 16);
        let set: Vec<_> = (0..).zip(&memory).filter(|(_, byte)| **byte != 0).collect();
        assert_eq!(set, [(8, &(1 + 7 * round as u8)), (65_000, &3)]);
        let number =
            |index: usize| i64::from_le_bytes(globals[8 * index..][..8].try_into().unwrap());
        assert_eq!(number(0) as i32, 40 - 50 * round as i32);
        assert_eq!(number(1), (1 << 32) + round as i64);
        // The handle was discarded; otherwise the second round would have trapped.
        assert_eq!(number(2) as i32, 0);
    }
}

#[test]
fn an_inner_component_is_a_base_as_well() {
    let interface = "hostel:service/handler@0.1.0";
    let inner = BASE.replacen("(component", "(component $inner", 1);
    let outer = format!(
        "(component
           (component $before (component))
           (instance (instantiate $before))
           {inner}
           (instance $of_inner (instantiate $inner))
           (alias export $of_inner \"{interface}\" (instance $handler))
           (export \"{interface}\" (instance $handler)))"
    );
    let mut component = wat::parse_str(outer).unwrap();
    for round in 1..=2 {
        component = snapshot(&component).unwrap();
        let of_inner = Inner::of(&component, interface).unwrap().unwrap();
        let (memory, _) = begins_with(&component[of_inner.place]);
        assert_eq!((memory.len(), memory[8]), ((1 + round) << 16, 1 + 7 * round as u8));
    }
}

#[test]
fn a_base_with_other_state_than_a_copy_can_begin_with_is_refused() {
    for (from, to, expected) in [
        ("(memory (export \"memory\") 1)", "(memory 1)", "another number of memories"),
        (
            "(global $large (mut i64) (i64.const 0x1_0000_0000))",
            "(global $large (mut i64) (i64.const 0)) (global (mut f32) (f32.const 0))",
            "a global that is not an integer",
        ),
        (
            "(core instance $main (instantiate $main))",
            "(core instance $main (instantiate $main)) (core instance (instantiate $main))",
            "a module that is not instantiated once",
        ),
        (
            "(core instance $main",
            "(component (core module)) (core instance $main",
            "a module in an inner component",
        ),
        (
            "(func (export \"more\")",
            "(start $begin) (func $begin) (func (export \"more\")",
            "a function that runs at the start",
        ),
    ] {
        let text = BASE.replace(from, to);
        assert_ne!(text, BASE);
        let error = snapshot(&wat::parse_str(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(matches!(snapshot(b"\0asm"), Err(SnapshotError::Malformed(_))));
}

#[test]
fn a_base_that_ends_by_a_trap_gives_no_component() {
    let text = BASE.replace("(global.set $handles (i32.const 1))", "unreachable");
    let error = snapshot(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(matches!(error, SnapshotError::Run(_)), "{error}");
}
