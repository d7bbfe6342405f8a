//! A wrapper of a serialiser that refuses numbers without a JSON form.

use std::cell::Cell;
use std::fmt::Display;

use serde::ser;
use serde::{Serialize, Serializer};

/// Wraps a value, a serialiser, or a serialiser of an array's or object's parts. A wrapped value is
/// serialised through a wrapped serialiser, which forwards every call and refuses a NaN or an
/// infinity. Map keys need no wrapper, because serde_json refuses float keys that are not finite.
pub(super) struct Finite<'m, X> {
    inner: X,
    /// Set when a map is written, also for a struct with a flattened field. Only then is the text
    /// searched for duplicate names: other structs rarely have two fields of the same name.
    has_map: &'m Cell<bool>,
}

impl<'m, X> Finite<'m, X> {
    pub(super) fn new(inner: X, has_map: &'m Cell<bool>) -> Finite<'m, X> {
        Finite { inner, has_map }
    }

    fn around<Y>(&self, inner: Y) -> Finite<'m, Y> {
        Finite { inner, has_map: self.has_map }
    }
}

impl<T: Serialize + ?Sized> Serialize for Finite<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(self.around(serializer))
    }
}

macro_rules! hand_on {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $method(self $(, $arg: $type)*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($arg),*)
        })*
    };
}

macro_rules! hand_on_compounds {
    ($($method:ident($($arg:ident: $type:ty),*) -> $compound:ident;)*) => {
        $(type $compound = Finite<'m, S::$compound>;

        fn $method(self $(, $arg: $type)*) -> Result<Self::$compound, S::Error> {
            let has_map = self.has_map;
            self.inner.$method($($arg),*).map(|inner| Finite { inner, has_map })
        })*
    };
}

impl<'m, S: Serializer> Serializer for Finite<'m, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        check(value.is_finite(), value)?;
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        check(value.is_finite(), value)?;
        self.inner.serialize_f64(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.around(value);
        self.inner.serialize_some(&value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.around(value);
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.around(value);
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    type SerializeMap = Finite<'m, S::SerializeMap>;

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.has_map.set(true);
        let has_map = self.has_map;
        self.inner.serialize_map(len).map(|inner| Finite { inner, has_map })
    }

    hand_on! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    hand_on_compounds! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant;
    }
}

fn check<E: ser::Error>(finite: bool, value: impl Display) -> Result<(), E> {
    if finite { Ok(()) } else { Err(E::custom(format_args!("{value} is not a JSON number"))) }
}

impl<S: ser::SerializeMap> ser::SerializeMap for Finite<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let value = self.around(value);
        self.inner.serialize_value(&value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

macro_rules! hand_on_items {
    ($($compound:ident::$method:ident($($key:ident)?);)*) => {
        $(impl<S: ser::$compound> ser::$compound for Finite<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), S::Error> {
                let value = self.around(value);
                self.inner.$method($($key,)? &value)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        })*
    };
}

hand_on_items! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(key);
    SerializeStructVariant::serialize_field(key);
}
