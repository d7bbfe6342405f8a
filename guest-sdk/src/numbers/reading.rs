//! A wrapper of serde_json's deserialiser that refuses to round an integer.
//!
//! serde_json passes an integer of up to 64 bits to a visitor as an integer. If the visitor is that
//! of `deserialize_f64` or `deserialize_f32`, the wrapper compares the value before and after
//! rounding. A larger integer arrives as a float, unless the target is an `i128` or `u128`. So the
//! wrapper searches the JSON text for an integer that rounds to this float.
//!
//! For flattened fields and for untagged or internally tagged enums, serde buffers the value. The
//! wrapper then does not see the target type, and the buffered integer can still be rounded.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::text::{Target, Text};

/// Wraps a deserialiser, visitor, seed or access: forwards every call and refuses an integer that
/// the target would round. Map keys are not wrapped, because JSON stores them as strings.
pub(super) struct Exact<'a, X> {
    inner: X,
    text: &'a Text<'a>,
    target: Target,
}

impl<'a, X> Exact<'a, X> {
    pub(super) fn new(inner: X, text: &'a Text<'a>) -> Exact<'a, X> {
        Exact { inner, text, target: Target::Any }
    }

    /// Refuses an integer of at most 64 bits that the target would round.
    fn check<E: Error>(&self, integer: i128) -> Result<(), E> {
        let held = match self.target {
            Target::Any => integer,
            Target::F32 => integer as f32 as i128,
            Target::F64 => integer as f64 as i128,
        };
        if held == integer { Ok(()) } else { Err(rounded(&integer.to_string())) }
    }
}

fn rounded<E: Error>(integer: &str) -> E {
    let shown = integer.get(..40).map_or(integer.to_owned(), |start| format!("{start}.."));
    E::custom(format_args!(
        "the integer {shown} does not fit without rounding \
         (read it as an integer, `i64` or `i128`, or with `get_raw`)"
    ))
}

macro_rules! hand_on {
    ($($method:ident($($arg:ident: $type:ty),*) $(into $target:ident)?;)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            #[allow(unused_mut)]
            let mut visitor = Exact::new(visitor, self.text);
            $(visitor.target = Target::$target;)?
            self.inner.$method($($arg,)* visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Exact<'_, D> {
    type Error = D::Error;

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    hand_on! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32() into F32;
        deserialize_f64() into F64;
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

macro_rules! hand_on_plain {
    ($($method:ident($($value:ident: $type:ty)?);)*) => {
        $(fn $method<E: Error>(self $(, $value: $type)?) -> Result<V::Value, E> {
            self.inner.$method($($value)?)
        })*
    };
}

macro_rules! hand_on_nested {
    ($($method:ident($access:ident);)*) => {
        $(fn $method<A: $access<'de>>(self, access: A) -> Result<V::Value, A::Error> {
            self.inner.$method(Exact::new(access, self.text))
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Exact<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.check(value.into())?;
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.check(value.into())?;
        self.inner.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        match self.text.integer_rounded_to(value, self.target) {
            Some(integer) => Err(rounded(integer)),
            None => self.inner.visit_f64(value),
        }
    }

    hand_on_plain! {
        visit_bool(value: bool);
        visit_i128(value: i128);
        visit_u128(value: u128);
        visit_str(value: &str);
        visit_borrowed_str(value: &'de str);
        visit_string(value: String);
        visit_bytes(value: &[u8]);
        visit_borrowed_bytes(value: &'de [u8]);
        visit_byte_buf(value: Vec<u8>);
        visit_none();
        visit_unit();
    }

    hand_on_nested! {
        visit_seq(SeqAccess);
        visit_map(MapAccess);
        visit_enum(EnumAccess);
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Exact::new(value, self.text))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Exact::new(value, self.text))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Exact<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Exact::new(deserializer, self.text))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Exact<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Exact::new(seed, self.text))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Exact<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Exact::new(seed, self.text))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Exact<'a, A> {
    type Error = A::Error;
    type Variant = Exact<'a, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Exact::new(variant, self.text)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Exact<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Exact::new(seed, self.text))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Exact::new(visitor, self.text))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Exact::new(visitor, self.text))
    }
}
