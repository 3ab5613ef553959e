use super::*;

fn zoom(pieces: Vec<Piece>) -> Zoom {
    Zoom {
        axis: "ms",
        what: ["open", "opens"],
        end: 5_000_000,
        marks: vec![(1_000_000, "ready")],
        lanes: vec!["a".to_owned()],
        pieces,
    }
}

fn piece(from: u64, ns: u64, name: &str) -> Piece {
    Piece { lane: 0, from, ns, name: name.to_owned() }
}

fn read(zoom: Zoom) -> serde_json::Value {
    read_within(zoom, MOST_BYTES)
}

fn read_within(zoom: Zoom, most: usize) -> serde_json::Value {
    let json = zoom.bounded().unwrap().json(most).unwrap();
    assert!(in_a_page(&json) <= most, "{}", in_a_page(&json));
    serde_json::from_str(&json).unwrap()
}

#[test]
fn pieces_are_in_order_each_name_once() {
    let data = read(zoom(vec![
        piece(3_000_000, 2_000_000, "b"),
        piece(0, 1_000_900, "a"),
        piece(1_000_900, 500, "b"),
    ]));
    assert_eq!(data["names"], serde_json::json!(["b", "a"]));
    // What ends where the next begins still does.
    let pieces = serde_json::json!([[0, 0, 1000, 1], [0, 1000, 1, 0], [0, 3000, 2000, 0]]);
    assert_eq!(data["pieces"], pieces);
    assert_eq!((&data["end"], &data["all"]), (&5000.into(), &3.into()));
}

#[test]
fn of_too_many_the_longest_are_kept_and_all_are_counted() {
    let many = (0..200_000).map(|i| piece(i * 10, i % 977, &format!("/a/long/path/to/file-{i}")));
    let zoom = zoom(many.collect());
    let data = read(zoom.clone());
    let kept = data["pieces"].as_array().unwrap().len();
    assert!((2_000..20_000).contains(&kept), "{kept}");
    assert_eq!(data["all"], 200_000);
    // Of less room the longest of those, and still all are counted.
    let less = read_within(zoom.clone(), 10_000);
    let few = less["pieces"].as_array().unwrap();
    assert!((100..kept / 10).contains(&few.len()), "{}", few.len());
    assert!(few.iter().all(|piece| {
        data["pieces"]
            .as_array()
            .unwrap()
            .iter()
            .any(|of| (&of[0], &of[1], &of[2]) == (&piece[0], &piece[1], &piece[2]))
    }));
    assert_eq!(less["all"], 200_000);
    assert_eq!(zoom.bounded().unwrap().json(100), None);
}

#[test]
fn whatever_names_are_the_data_stays_within_its_bytes() {
    let evil = |i: u64| piece(i * 1000, 1_000_000, &format!("<&>\"'\\\u{1}é{i}"));
    let zoom = || zoom((0..1_000).map(evil).collect());
    let all = zoom().bounded().unwrap();
    assert!(all.bytes().abs_diff(in_a_page(&all.json(MOST_BYTES).unwrap())) < 40);
    for most in [400, 1_000, 9_999, all.bytes() - 1] {
        read_within(zoom(), most);
    }
    assert_eq!(read_within(zoom(), all.bytes())["pieces"].as_array().unwrap().len(), 1_000);
}

#[test]
fn of_a_long_name_the_end_is_kept() {
    let data = read(zoom(vec![piece(0, 1, &format!("/{}/end", "é".repeat(10_000)))]));
    let name = data["names"][0].as_str().unwrap();
    assert!(name.starts_with('…') && name.ends_with("/end"), "{name}");
    assert_eq!(name.chars().count(), LONGEST);
}

#[test]
fn where_nothing_is_there_is_nothing_to_zoom_into() {
    assert!(zoom(Vec::new()).bounded().is_none());
    assert!(Zoom { end: 0, ..zoom(vec![piece(0, 1, "a")]) }.bounded().is_none());
}
