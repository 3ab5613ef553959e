//! What attacks, and what is too much.

use super::*;

#[test]
fn foreign_text_stays_text_in_every_form() {
    let c = synthetic::hostile();
    let files = files(&c).unwrap();
    let forms = ["compare.json", "compare.md", "compare.xml"].map(|path| file(&files, path));
    let all = forms.iter().cloned().chain([text(&c), annotations(&c).join("\n")]);
    for form in all {
        let odd = |c: char| c.is_control() && c != '\n';
        let found = form.chars().find(|c| odd(*c) || crate::text::sanitize::is_invisible(*c));
        assert_eq!(found, None, "{form}");
    }
    let [_, page, xml] = forms;
    // Commands stand word for word, as code.
    let (told, _) = page.split_once("How to repeat it").unwrap();
    assert!(!told.contains("<script") && !page.contains("\n# heading"), "{page}");
    assert!(!told.contains("x](") && !told.contains("@everyone"), "{page}");
    assert_eq!(page.matches("<details>").count(), page.matches("\n</details>\n").count());
    assert!(!xml.contains("<script") && !xml.contains('\u{ffff}'), "{xml}");
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!(report.failures, 8);
}

#[test]
fn a_table_keeps_its_columns() {
    for (name, c) in synthetic::all() {
        let page = markdown(&c);
        let mut columns = None;
        for line in page.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(bars), bars, "{name}: {line}");
        }
    }
}

#[test]
fn commands_are_ours_alone() {
    for (name, c) in synthetic::all() {
        let lines = annotations(&c);
        assert!(lines.len() <= 10, "{name}");
        for line in lines {
            let rest = line.strip_prefix("::").unwrap();
            assert!(!line.contains(['\n', '\r']), "{name}: {line}");
            let (properties, _) = rest.split_once("::").unwrap();
            let (level, title) = properties.split_once(" title=").unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{name}: {line}");
            assert!(!title.contains([':', ',']), "{name}: {line}");
        }
    }
    let named = synthetic::of(vec![synthetic::row("::error::x ##[error]y", 9.0, 1.2)]);
    for c in [named, synthetic::hostile()] {
        let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!text(&c).lines().any(command), "{}", text(&c));
    }
    let decoded = annotations(&synthetic::hostile()).join("\n");
    assert!(!decoded.contains("%0A"), "a percent sign of theirs is escaped: {decoded}");
}

#[test]
fn a_comment_has_room_for_any_number_of_cells() {
    let longest = "@<".repeat(200);
    for name in ["function-", &longest, "\u{1f980}"] {
        let page = markdown(&synthetic::many(name));
        assert!(page.len() < 60_000, "{} bytes", page.len());
        assert!(page.contains("more rows left out here: see `compare.json`"), "{page}");
        assert!(page.contains("more cells left out here"), "{page}");
        assert!(page.ends_with("</details>\n") && page.contains("How to repeat it"), "{page}");
        let lines = annotations(&synthetic::many(name));
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[9], "::error title=Cold starts::and 791 more: see compare.md");
    }
    assert!(markdown(&synthetic::hostile()).len() < 60_000);
}

#[test]
fn lines_for_a_terminal_are_not_wide() {
    for (name, c) in synthetic::all() {
        // Their names are long, or their conditions need a column.
        if ["hostile", "many"].contains(&name) {
            continue;
        }
        for line in text(&c).lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
    }
}
