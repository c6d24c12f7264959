//! The layers of ARCHITECTURE.md, held against what the files of `src` import.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file by its path below `src`, and the layer that the table gives it.
type Layers = BTreeMap<String, u32>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).expect("a file of text")
}

/// The rows `| 0 | `file.rs`, … | … |` of the table.
#[track_caller]
fn table(text: &str) -> Layers {
    let mut layers = Layers::new();
    for line in text.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let Some(Ok(layer)) = cells.next().map(str::parse) else { continue };
        let files = cells.next().expect("a cell of files");
        assert!(cells.next().is_some_and(|statement| !statement.is_empty()), "says nothing: {line}");
        for file in files.split(',') {
            let file = file.trim().trim_matches('`').to_owned();
            assert_eq!(layers.insert(file, layer), None, "stands there twice: {line}");
        }
    }
    layers
}

/// The comments `// Layer 0` of lib.rs, with the rooms below each.
fn rooms(text: &str) -> Layers {
    let mut rooms = Layers::new();
    let mut layer = None;
    for line in text.lines() {
        if let Some(number) = line.strip_prefix("// Layer ") {
            layer = number.parse().ok();
        } else if let Some((_, room)) = line.trim_end_matches(';').split_once("mod ") {
            rooms.insert(room.to_owned(), layer.expect("a room stands below its layer"));
        }
    }
    rooms
}

/// Every file below `src`.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The room that a file belongs to: `http` for `http.rs` and all of `http/`.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The rooms that a file names: after `crate::`, alone or in the braces of an import, wherever that
/// stands. `main.rs` sees the rooms as those of the library.
fn imported(file: &str, text: &str) -> Vec<String> {
    let root = if file == "main.rs" { "weatherhook::" } else { "crate::" };
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for (start, _) in code.match_indices(root) {
        let before = code[..start].chars().next_back();
        // Not `$crate::` and not within a word or a string.
        if before.is_some_and(|c| c.is_alphanumeric() || "_$\"".contains(c)) {
            continue;
        }
        let rest = &code[start + root.len()..];
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(list) => found.extend(items(list).into_iter().map(name)),
        }
    }
    found
}

/// The items of a list in braces, up to its closing brace; those in inner braces are not its own.
fn items(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(list[start..at].trim());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

fn name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// What a file may not import, each with the reason.
fn faults(file: &str, text: &str, layers: &Layers) -> Vec<String> {
    let mut faults = Vec::new();
    let own = layers[file];
    for import in imported(file, text) {
        match layers.get(&format!("{import}.rs")) {
            _ if import == room(file) => {}
            None => faults.push(format!("{file} imports {import}, which is no room")),
            Some(layer) if *layer >= own => {
                faults.push(format!("{file} of layer {own} imports {import} of layer {layer}"));
            }
            Some(_) => {}
        }
    }
    // From the file of a room, or from below two modules, `super` may be the root with all the rooms.
    let whole_room = !file.contains('/');
    let beyond =
        |line: &&str| line.contains("super::super") || (whole_room && line.starts_with("use super::"));
    faults.extend(text.lines().filter(beyond).map(|line| format!("{file}: {line}")));
    faults
}

#[test]
fn every_file_imports_from_lower_layers_only() {
    let layers = table(&read("ARCHITECTURE.md"));
    let source = root().join("src");
    let mut checked = 0;
    for path in files(&source) {
        let file = path.strip_prefix(&source).expect("below src").to_str().expect("text").to_owned();
        if file == "lib.rs" {
            continue;
        }
        assert!(layers.contains_key(&file), "{file} is not in the table of ARCHITECTURE.md");
        let faults = faults(&file, &read(Path::new("src").join(&file)), &layers);
        assert!(faults.is_empty(), "{faults:#?}");
        checked += 1;
    }
    assert_eq!(checked, layers.len(), "the table names files that are not there: {layers:?}");
}

#[test]
fn files_of_one_room_are_of_one_layer() {
    let layers = table(&read("ARCHITECTURE.md"));
    for (file, layer) in &layers {
        assert_eq!(layers.get(&format!("{}.rs", room(file))), Some(layer), "{file}");
    }
}

#[test]
fn the_library_lists_the_rooms_of_the_table() {
    let layers = table(&read("ARCHITECTURE.md"));
    let expected = layers.iter().filter(|(file, _)| !file.contains('/') && *file != "main.rs");
    let expected: Layers = expected.map(|(file, layer)| (room(file).to_owned(), *layer)).collect();
    assert_eq!(rooms(&read("src/lib.rs")), expected);
}

/// A module by the names of its path: `sampler`, `source` for `sampler/source.rs` and `sampler/source/mod.rs`.
type Module = Vec<String>;

fn module(file: &str) -> Module {
    let mut module: Module = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

/// The paths of an import, with those in its braces one by one.
fn paths(text: &str) -> Vec<Module> {
    if let Some(list) = text.strip_prefix('{') {
        return items(list).into_iter().flat_map(paths).collect();
    }
    let first = name(text);
    if first.is_empty() {
        return Vec::new();
    }
    let mut inner = text[first.len()..].strip_prefix("::").map(paths).unwrap_or_default();
    if inner.is_empty() {
        inner.push(Module::new());
    }
    inner.iter_mut().for_each(|path| path.insert(0, first.clone()));
    inner
}

/// The paths that follow `root` in the code, such as those after `super::`.
fn paths_after(root: &str, text: &str) -> Vec<Module> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join(" ");
    code.match_indices(root).flat_map(|(at, _)| paths(code[at + root.len()..].trim_start())).collect()
}

/// The paths, from the root of the library on, that a file names outside its tests.
fn named(file: &str, text: &str) -> Vec<Module> {
    let (text, _) = text.split_once("\n#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    let own = module(file);
    let parent = &own[..own.len() - 1];
    let above = paths_after("super::", text).into_iter().map(|path| [parent, &path[..]].concat());
    above.chain(paths_after("crate::", text)).collect()
}

/// For each file of a room, the files beside it that it knows: directly, or by a name that the file of the
/// room passes on. What the room itself declares is for all of its files.
fn beside(files: &BTreeMap<String, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let modules: BTreeSet<Module> = files.keys().map(|file| module(file)).collect();
    // What a room passes on from one of its files: its name there, and the file.
    let mut passed: BTreeMap<Module, Module> = BTreeMap::new();
    for (file, text) in files {
        let room = module(file);
        for path in
            ["pub use ", "pub(crate) use ", "pub(super) use "].iter().flat_map(|use_| paths_after(use_, text))
        {
            let path = path.strip_prefix(&["self".to_owned()][..]).unwrap_or(&path);
            let origin = [&room[..], &path[..1]].concat();
            if let (true, Some(last)) = (modules.contains(&origin), path.last()) {
                passed.insert([&room[..], std::slice::from_ref(last)].concat(), origin);
            }
        }
    }
    let mut known: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (file, text) in files {
        let own = module(file);
        for path in named(file, text) {
            let target =
                passed.iter().find(|(name, _)| path.starts_with(name)).map_or(&path, |(_, origin)| origin);
            let shared = own.iter().zip(target).take_while(|(one, other)| one == other).count();
            // Of one room, and neither inside the other: the two files of the room that hold them.
            if shared == 0 || shared == own.len() || shared == target.len() {
                continue;
            }
            let (from, to) = (own[..=shared].to_vec(), target[..=shared].to_vec());
            if modules.contains(&to) {
                known.entry(from).or_default().insert(to);
            }
        }
    }
    known
}

/// A circle of files that know each other, as a list that begins and ends with the same one.
fn circle(known: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<String>> {
    fn walk(known: &BTreeMap<Module, BTreeSet<Module>>, way: &mut Vec<Module>) -> Option<Vec<String>> {
        let last = way.last()?;
        if let Some(start) = way[..way.len() - 1].iter().position(|module| module == last) {
            return Some(way[start..].iter().map(|module| module.join("/")).collect());
        }
        for next in known.get(last).into_iter().flatten() {
            way.push(next.clone());
            let found = walk(known, way);
            if found.is_some() {
                return found;
            }
            way.pop();
        }
        None
    }
    known.keys().find_map(|first| walk(known, &mut vec![first.clone()]))
}

#[test]
fn no_files_of_a_room_know_each_other_in_a_circle() {
    let source = root().join("src");
    let of_rooms = files(&source).into_iter().filter_map(|path| {
        let file = path.strip_prefix(&source).expect("below src").to_str().expect("text").to_owned();
        let text = file.ends_with(".rs").then(|| read(&path))?;
        Some((file, text))
    });
    assert_eq!(circle(&beside(&of_rooms.collect())), None);
}

#[test]
fn a_circle_inside_a_room_is_found() {
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: Option<&[&str]>) {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(circle(&beside(&files)), expected);
    }
    let room = ("a.rs", "mod b;\nmod c;\nuse b::B;\n");
    let b = ("a/b.rs", "use super::c::C;\n");
    check(&[room, b, ("a/c.rs", "use super::Shared;\n")], None);
    check(&[room, b, ("a/c.rs", "use super::{Shared, b::{self, B}};\n")], Some(&["a/b", "a/c", "a/b"]));
    check(&[room, b, ("a/c.rs", "fn f() { crate::a::b::f() }\n")], Some(&["a/b", "a/c", "a/b"]));
    check(&[room, b, ("a/c.rs", "// use super::b::B;\n")], None);
    let passes_on = ("a.rs", "mod b;\nmod c;\npub(crate) use b::{B, D};\n");
    check(&[passes_on, b, ("a/c.rs", "use super::D;\n")], Some(&["a/b", "a/c", "a/b"]));
    let deep = ("a/c/d.rs", "use crate::a::b::B;\n");
    check(&[room, b, ("a/c.rs", "mod d;\n"), deep], Some(&["a/b", "a/c", "a/b"]));
}

/// What this test would say of a file; the layers are those of the table below.
#[track_caller]
fn check(file: &str, text: &str, expected: &[&str]) {
    let layers = table(
        "| layer | files | what |\n|---|---|---|\n| 0 | `low.rs` | a |\n| 0 | `beside.rs` | b |\n\
         | 1 | `mid.rs`, `mid/part.rs` | c |\n| 2 | `high.rs` | d |\n| 3 | `main.rs` | e |\n",
    );
    assert_eq!(faults(file, text, &layers), expected, "{text}");
}

#[test]
fn what_breaks_the_order_is_found() {
    check("mid.rs", "use crate::low;\nuse std::io;\n// use crate::high;\n", &[]);
    check("mid/part.rs", "use super::Thing;\nuse crate::mid::Other;\n", &[]);
    check("mid.rs", "use crate::high::Thing;\n", &["mid.rs of layer 1 imports high of layer 2"]);
    check("low.rs", "use crate::beside::{a, b};\n", &["low.rs of layer 0 imports beside of layer 0"]);
    let nested = "pub(crate) use crate::{\n    low::{self, x},\n    high as h,\n};\n";
    check("mid.rs", nested, &["mid.rs of layer 1 imports high of layer 2"]);
    check(
        "mid/part.rs",
        "    let x = crate::high::f();\n",
        &["mid/part.rs of layer 1 imports high of layer 2"],
    );
    check("mid.rs", "use crate::Thing;\n", &["mid.rs imports Thing, which is no room"]);
    check("main.rs", "use weatherhook::{low, mid::{a, b}, high};\nlet s = \"weatherhook::x\";\n", &[]);
    check("low.rs", "use super::high;\n", &["low.rs: use super::high;"]);
    check("low.rs", "mod tests {\n    use super::*;\n}\n", &[]);
    check("mid/part.rs", "use super::super::high;\n", &["mid/part.rs: use super::super::high;"]);
}
