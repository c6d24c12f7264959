//! How places are called, and how they are found in what people write.

/// The form in which names are compared: surrounding blanks gone, case folded also beyond ASCII.
///
/// Upper and then lower case, character by character, makes one of `ß`, `ẞ` and `SS`, and of the
/// two small sigmas, which lower case alone keeps apart.
pub fn fold(name: &str) -> String {
    name.trim().chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}
