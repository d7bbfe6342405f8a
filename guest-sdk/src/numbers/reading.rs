//! A deserialiser around serde_json's that refuses to round an integer.
//!
//! serde_json hands an integer of up to 64 bits to a visitor as an integer, and only a visitor that
//! was asked for by `deserialize_f64` or `deserialize_f32` rounds it: there the size is checked. An
//! integer of more bits arrives as a float that looks like any other: there the text is asked.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::text::Text;

/// Up to here every integer is an `f64`.
const EXACT_IN_F64: u64 = 1 << 53;

/// Up to here every integer is an `f32`.
const EXACT_IN_F32: u64 = 1 << 24;

/// Around a deserialiser, a visitor, a seed, or a part of one: hands everything on, and refuses an
/// integer beyond `limit`, or beyond 64 bits where a float would stand for it. The keys of a map
/// pass as they are: they are strings.
pub(super) struct Exact<'a, X> {
    inner: X,
    text: &'a Text<'a>,
    /// The largest magnitude of an integer that the target holds without rounding.
    limit: u64,
}

impl<'a, X> Exact<'a, X> {
    pub(super) fn new(inner: X, text: &'a Text<'a>) -> Exact<'a, X> {
        Exact { inner, text, limit: u64::MAX }
    }

    fn check<E: Error>(&self, integer: impl ToString, magnitude: u64) -> Result<(), E> {
        if magnitude <= self.limit { Ok(()) } else { Err(rounded(&integer.to_string())) }
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
    ($($method:ident($($arg:ident: $type:ty),*) $(up to $limit:ident)?;)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            #[allow(unused_mut)]
            let mut visitor = Exact::new(visitor, self.text);
            $(visitor.limit = $limit;)?
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
        deserialize_f32() up to EXACT_IN_F32;
        deserialize_f64() up to EXACT_IN_F64;
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
        self.check(value, value.unsigned_abs())?;
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.check(value, value)?;
        self.inner.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        match self.text.integer_near(value) {
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
