//! How many rules one path may have to be judged by. Rules are found by the text that their paths
//! begin with, so those of one path are the ones whose texts are prefixes of it, and of each other.
//! Knows no rules, only such texts.

/// Most rules of one kind that any one path may have to be judged by; a deploy with more of them for
/// some path is without those behind.
pub const MAX_JUDGED: usize = 10_000;

/// Texts by which rules are found, each below the longest other one that it begins with.
struct Crowd {
    /// For each text, the one it is below.
    parent: Vec<Option<usize>>,
    /// Rules that are found by the text itself.
    own: Vec<usize>,
    /// Rules that are found by the texts below, along the way with most of them.
    below: Vec<usize>,
}

impl Crowd {
    /// The texts, and the place of each key among them.
    fn of(keys: &[String]) -> (Self, Vec<usize>) {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by_key(|at| &keys[*at]);
        let mut parent = Vec::new();
        let mut places = vec![0; keys.len()];
        // the texts that the one in hand may begin with, each beginning with the one before
        let mut way: Vec<(&str, usize)> = Vec::new();
        for at in order {
            let key = keys[at].as_str();
            while way.last().is_some_and(|(text, _)| !key.starts_with(text)) {
                way.pop();
            }
            match way.last() {
                Some((text, place)) if *text == key => places[at] = *place,
                above => {
                    places[at] = parent.len();
                    parent.push(above.map(|(_, place)| *place));
                    way.push((key, places[at]));
                }
            }
        }
        let (own, below) = (vec![0; parent.len()], vec![0; parent.len()]);
        (Self { parent, own, below }, places)
    }

    /// Adds a rule, unless some path then had more than `most`.
    fn add(&mut self, place: usize, most: usize) -> bool {
        let above: usize = self.up(place).map(|at| self.own[at]).sum();
        if above + self.below[place] >= most {
            return false;
        }
        self.own[place] += 1;
        let mut child = place;
        while let Some(at) = self.parent[child] {
            let through = self.own[child] + self.below[child];
            if self.below[at] >= through {
                break;
            }
            self.below[at] = through;
            child = at;
        }
        true
    }

    /// The text at a place and those above it.
    fn up(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(place), |at| self.parent[*at])
    }
}

/// Which rules stay, in their order, so that no path has more than `most`. Each comes with the text
/// it is found by.
pub(crate) fn thinned(keys: &[String], most: usize) -> Vec<bool> {
    let (mut crowd, places) = Crowd::of(keys);
    places.into_iter().map(|place| crowd.add(place, most)).collect()
}

/// The rules that the path with most of them has.
pub(crate) fn heaviest(keys: &[String]) -> usize {
    let (mut crowd, places) = Crowd::of(keys);
    for place in places {
        crowd.add(place, usize::MAX);
    }
    let along = crowd.own.iter().zip(&crowd.below).map(|(own, below)| own + below);
    along.max().unwrap_or_default()
}

/// Takes out rules so that no path has more than [`MAX_JUDGED`]; how many.
pub(crate) fn thin<T>(rules: &mut Vec<T>, key: impl Fn(&T) -> String) -> usize {
    if rules.len() <= MAX_JUDGED {
        return 0;
    }
    let keys: Vec<String> = rules.iter().map(key).collect();
    let mut stays = thinned(&keys, MAX_JUDGED).into_iter();
    let before = rules.len();
    rules.retain(|_| stays.next().unwrap_or_default());
    before - rules.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(text: &str, most: usize, stay: &str, heaviest_of_all: usize) {
        let keys = keys(text);
        let stays: String = thinned(&keys, most).iter().map(|stays| if *stays { 'y' } else { 'n' }).collect();
        assert_eq!((stays.as_str(), heaviest(&keys)), (stay, heaviest_of_all), "{text}");
    }

    #[test]
    fn rules_of_one_path_are_counted() {
        check("/a /b /c", 1, "yyy", 1);
        check("/a /a /a", 2, "yyn", 3);
        check("/a /ab /abc /abd", 2, "yynn", 3);
        check("/abc /abd /ab /a", 2, "yyyn", 3);
        check("/abc /a /ab /b /abc", 2, "yynyn", 4);
        check("/x /y /x /y /", 2, "yyyyn", 3);
        check("/a/b /a /a/b/c /a/d /a/d", 3, "yyyyy", 3);
    }

    /// Against counting every way anew: what stays never passes the limit, what goes would.
    #[test]
    fn nothing_goes_without_need() {
        let mut dice = 7_u32;
        for most in 1..6 {
            let keys: Vec<String> = (0..200)
                .map(|_| {
                    dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    "abab"[..(dice >> 28) as usize % 5].to_owned() + ["", "x", "y"][(dice >> 20) as usize % 3]
                })
                .collect();
            let mut kept: Vec<String> = Vec::new();
            for (key, stays) in keys.iter().zip(thinned(&keys, most)) {
                kept.push(key.clone());
                assert_eq!(slowly(&kept) <= most, stays, "{key} in {kept:?}");
                if !stays {
                    kept.pop();
                }
            }
            assert_eq!(heaviest(&keys), slowly(&keys));
        }
    }

    fn slowly(keys: &[String]) -> usize {
        let of = |path: &String| keys.iter().filter(|key| path.starts_with(key.as_str())).count();
        keys.iter().map(of).max().unwrap_or_default()
    }
}
