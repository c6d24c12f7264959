//! The macro [`table!`] makes an enum, the list of its variants and the row of each variant from one list, so
//! that these always have the same length and order.

/// Makes an enum with a row for each variant:
///
/// ```text
/// table! {
///     /// A colour.
///     pub enum Colour: &'static str {
///         /// The colour of blood.
///         Red = "red",
///     }
/// }
/// ```
///
/// `Colour::ALL` has the variants in the order of the list, `row()` gives a variant's row, and `index()` its
/// position in `ALL`: an array with the length `Colour::ALL.len()` has an element for each.
macro_rules! table {
    (
        $(#[$about:meta])*
        $vis:vis enum $Name:ident: $Row:ty {
            $( $(#[$doc:meta])* $Variant:ident = $row:expr, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $Name {
            $( $(#[$doc])* $Variant, )+
        }

        impl $Name {
            /// All of them, in the order of the table.
            $vis const ALL: &'static [$Name] = &[$( $Name::$Variant, )+];

            const fn row(self) -> &'static $Row {
                match self {
                    $( $Name::$Variant => const { &$row }, )+
                }
            }

            /// The position in [`ALL`](Self::ALL).
            #[allow(dead_code, reason = "not every table is that of an array")]
            $vis const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

pub(crate) use table;
