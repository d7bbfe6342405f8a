//! Counts the parameters and results of a core module's functions and blocks. The compiler treats
//! the parameters and results of a loop as variables, like locals.

use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, FunctionSectionReader, TypeSectionReader,
};

/// The number of parameters and results of each type of a core module, and the type of each
/// function whose body is not yet read.
#[derive(Default)]
pub(super) struct Arity {
    types: Vec<usize>,
    widest: usize,
    functions: std::vec::IntoIter<u32>,
}

impl Arity {
    /// Reads the module's types and returns their number.
    pub(super) fn types(
        &mut self,
        section: TypeSectionReader<'_>,
    ) -> Result<usize, BinaryReaderError> {
        let before = self.types.len();
        for group in section {
            for ty in group?.types() {
                let width = match &ty.composite_type.inner {
                    CompositeInnerType::Func(ty) => ty.params().len() + ty.results().len(),
                    _ => 0,
                };
                self.widest = self.widest.max(width);
                self.types.push(width);
            }
        }
        Ok(self.types.len() - before)
    }

    /// Reads the types of the functions whose bodies follow.
    pub(super) fn functions(
        &mut self,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), BinaryReaderError> {
        let types: Vec<u32> = section.into_iter().collect::<Result<_, _>>()?;
        self.functions = types.into_iter();
        Ok(())
    }

    /// Returns the number of parameters and results of the function whose body is next.
    pub(super) fn next_function(&mut self) -> usize {
        self.functions.next().map_or(0, |ty| self.of_type(ty))
    }

    /// Returns the number of parameters and results of a block.
    pub(super) fn of_block(&self, ty: BlockType) -> usize {
        match ty {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(ty) => self.of_type(ty),
        }
    }

    /// Returns the largest number of parameters and results that a block of the module can have.
    pub(super) fn widest(&self) -> usize {
        self.widest.max(1)
    }

    fn of_type(&self, ty: u32) -> usize {
        self.types.get(ty as usize).copied().unwrap_or_default()
    }
}
