//! Maps the indices in a module to the indices in the merged module.

use super::module::Kind;
use std::collections::HashMap;
use wasm_encoder::ConstExpr;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::Operator;

/// The mapping of a module's indices.
pub(super) struct Renumber {
    pub(super) types: Vec<u32>,
    pub(super) numbers: HashMap<Kind, Vec<u32>>,
    /// The number of element segments in the preceding modules, and the number of their data
    /// segments.
    pub(super) elements: u32,
    pub(super) data: u32,
    /// The number of globals that the merged module imports.
    pub(super) imported_globals: u32,
}

/// The known value of a constant expression.
#[derive(Clone, Copy)]
pub(super) enum Constant {
    I32(i32),
    I64(i64),
}

/// An index without a definition.
#[derive(Debug)]
pub(super) struct NoSuchNumber;

impl Renumber {
    pub(super) fn number(&self, kind: Kind, index: u32) -> Option<u32> {
        self.numbers.get(&kind)?.get(index as usize).copied()
    }

    fn renumbered(&self, kind: Kind, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.number(kind, index).ok_or(Error::UserError(NoSuchNumber))
    }

    /// Renumbers a constant expression, or replaces it by its value if the value is known: the
    /// engine can only initialize a table at compile time if the offsets are constants. Returns
    /// `None` if the expression needs a global that the merged module does not import.
    pub(super) fn constant(
        &mut self,
        expression: &wasmparser::ConstExpr<'_>,
        constants: &HashMap<u32, Constant>,
    ) -> Option<ConstExpr> {
        match self.value(expression, constants) {
            Some(Constant::I32(value)) => Some(ConstExpr::i32_const(value)),
            Some(Constant::I64(value)) => Some(ConstExpr::i64_const(value)),
            None => {
                for operator in expression.get_operators_reader() {
                    // Without the GC proposal, a constant expression may only refer to imported
                    // globals.
                    if let Operator::GlobalGet { global_index } = operator.ok()? {
                        let number = self.number(Kind::Global, global_index)?;
                        (number < self.imported_globals).then_some(())?;
                    }
                }
                self.const_expr(expression.clone()).ok()
            }
        }
    }

    /// The value of a constant expression, if it is a known number.
    pub(super) fn value(
        &self,
        expression: &wasmparser::ConstExpr<'_>,
        constants: &HashMap<u32, Constant>,
    ) -> Option<Constant> {
        use Constant::{I32, I64};
        let mut stack = Vec::new();
        for operator in expression.get_operators_reader() {
            let value = match operator.ok()? {
                Operator::End => break,
                Operator::I32Const { value } => I32(value),
                Operator::I64Const { value } => I64(value),
                Operator::GlobalGet { global_index } => {
                    *constants.get(&self.number(Kind::Global, global_index)?)?
                }
                operator => {
                    let (second, first) = (stack.pop()?, stack.pop()?);
                    match (operator, first, second) {
                        (Operator::I32Add, I32(a), I32(b)) => I32(a.wrapping_add(b)),
                        (Operator::I32Sub, I32(a), I32(b)) => I32(a.wrapping_sub(b)),
                        (Operator::I32Mul, I32(a), I32(b)) => I32(a.wrapping_mul(b)),
                        (Operator::I64Add, I64(a), I64(b)) => I64(a.wrapping_add(b)),
                        (Operator::I64Sub, I64(a), I64(b)) => I64(a.wrapping_sub(b)),
                        (Operator::I64Mul, I64(a), I64(b)) => I64(a.wrapping_mul(b)),
                        _ => return None,
                    }
                }
            };
            stack.push(value);
        }
        stack.pop()
    }
}

impl Reencode for Renumber {
    type Error = NoSuchNumber;

    fn type_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.types.get(index as usize).copied().ok_or(Error::UserError(NoSuchNumber))
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.renumbered(Kind::Function, index)
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.renumbered(Kind::Table, index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.renumbered(Kind::Memory, index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.renumbered(Kind::Global, index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        self.renumbered(Kind::Tag, index)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        Ok(self.elements + index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32, Error<NoSuchNumber>> {
        Ok(self.data + index)
    }
}
