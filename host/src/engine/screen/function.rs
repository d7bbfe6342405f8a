//! Measures one function. The time for compiling is linear in the function's bytes, but longer if
//! many variables live across many blocks, and far longer if they live across nested loops.

use super::arity::Arity;
use super::excess::{Excess, within};
use crate::engine::limits::{Limit, Limits};
use wasmparser::{BinaryReaderError, BlockType, FunctionBody, Operator};

/// Minimum bytes of a block: its operator, its type and its end.
const MIN_BLOCK_BYTES: usize = 3;

/// Checks a function with this many parameters and results.
pub(super) fn check(
    body: &FunctionBody<'_>,
    params: usize,
    arity: &Arity,
    limits: &Limits,
) -> Result<(), Excess> {
    let bytes = body.range().len();
    within(bytes, limits.function_bytes, Limit::FunctionBytes)?;
    let locals = locals(body)?.saturating_add(params);
    within(locals, limits.locals, Limit::Locals)?;
    // Most functions are too short to exceed a limit, whatever their content, and need not be read.
    let (blocks, widest) = (bytes / MIN_BLOCK_BYTES + 1, locals.saturating_add(arity.widest()));
    let most = Weight {
        blocks,
        block_locals: blocks.saturating_mul(widest),
        loop_locals: blocks.saturating_mul(blocks).saturating_mul(widest),
    };
    if most.check(limits).is_ok() {
        return Ok(());
    }
    weigh(body, locals, arity)?.check(limits)
}

/// The cost of a function's blocks and locals.
#[derive(Default)]
struct Weight {
    blocks: usize,
    block_locals: usize,
    loop_locals: usize,
}

impl Weight {
    fn check(&self, limits: &Limits) -> Result<(), Excess> {
        within(self.blocks, limits.blocks, Limit::Blocks)?;
        within(self.block_locals, limits.block_locals, Limit::BlockLocals)?;
        within(self.loop_locals, limits.loop_locals, Limit::LoopLocals)
    }

    fn block(&mut self, variables: usize) {
        self.blocks += 1;
        self.block_locals = self.block_locals.saturating_add(variables);
    }
}

/// Counts the locals that a function declares. They are encoded as runs, each a count and a type.
fn locals(body: &FunctionBody<'_>) -> Result<usize, BinaryReaderError> {
    let mut locals = 0_usize;
    for run in body.get_locals_reader()? {
        let (count, _) = run?;
        locals = locals.saturating_add(count as usize);
    }
    Ok(locals)
}

fn weigh(
    body: &FunctionBody<'_>,
    locals: usize,
    arity: &Arity,
) -> Result<Weight, BinaryReaderError> {
    let mut weight = Weight::default();
    let mut open: Vec<bool> = Vec::new();
    let mut loops = 0_usize;
    let variables = |ty: BlockType| locals.saturating_add(arity.of_block(ty));
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        match operators.read()? {
            Operator::Block { blockty } | Operator::If { blockty } | Operator::Try { blockty } => {
                weight.block(variables(blockty));
                open.push(false);
            }
            Operator::TryTable { try_table } => {
                weight.block(variables(try_table.ty));
                open.push(false);
            }
            Operator::Loop { blockty } => {
                weight.block(variables(blockty));
                loops += 1;
                let across = variables(blockty).saturating_mul(loops);
                weight.loop_locals = weight.loop_locals.saturating_add(across);
                open.push(true);
            }
            Operator::End => loops -= usize::from(open.pop() == Some(true)),
            _ => {}
        }
    }
    Ok(weight)
}
