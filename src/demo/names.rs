//! Made-up people's names, from many countries. A name that is not written in Latin letters carries its spelling in
//! them after a bar, since addresses are made of it: folding would read 山田 as Chinese.

use super::random::Random;
use crate::users::fold;

/// First and last names that go together.
struct Country {
    first: &'static [&'static str],
    last: &'static [&'static str],
}

/// A name as it is written, and in lower-case ASCII letters for addresses. `last` may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub first: String,
    pub last: String,
    pub first_latin: String,
    pub last_latin: String,
}

impl Name {
    pub fn new(first: &str, last: &str) -> Self {
        let (first, first_latin) = spelled(first);
        let (last, last_latin) = spelled(last);
        Name { first, last, first_latin, last_latin }
    }

    /// Somebody from somewhere.
    pub fn draw(random: &mut Random) -> Self {
        let country = random.pick(COUNTRIES);
        let (first, last): (&&str, &&str) = (random.pick(country.first), random.pick(country.last));
        Name::new(first, last)
    }
}

/// "山田|yamada" is written 山田; "Łukasz" spells itself.
fn spelled(name: &str) -> (String, String) {
    let (written, latin) = name.split_once('|').unwrap_or((name, name));
    let latin = fold(latin).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (written.to_owned(), latin)
}

/// What pages must cope with: long, single, with apostrophe and hyphen. Each appears once, first of all.
pub const SPECIAL: [(&str, &str); 6] = [
    ("Maximiliana-Konstantina", "von Hohenstein-Wittelsbach"),
    ("Suharti", ""),
    ("Siobhán", "O'Sullivan"),
    ("Jean-Baptiste", "N'Diaye"),
    ("Ng", "Vy"),
    ("María de los Ángeles", "Fernández de la Vega"),
];

/// Log-ins that are not a person's.
#[rustfmt::skip]
pub const DEPARTMENTS: [&str; 12] = [
    "Reception", "Front Desk", "Warehouse", "Night Shift", "Dispatch", "Help Desk", "Switchboard", "Accounts Payable",
    "Service Desk", "Meeting Room", "Loading Bay", "Security Desk",
];

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    Country {
        first: &[
            "Emily", "James", "Olivia", "Michael", "Grace", "Daniel", "Hannah", "Christopher", "Abigail", "Ethan",
            "Madison", "Tyler", "Chloe", "Brandon", "Natalie", "Marcus", "Jasmine", "DeShawn", "Kayla", "Logan",
        ],
        last: &[
            "Smith", "Johnson", "Williams", "Brown", "Davis", "Miller", "Wilson", "Anderson", "Taylor", "Thompson",
            "Washington", "Robinson", "Walker", "Mitchell", "Campbell", "Parker", "Carter-Hughes", "McAllister", "Reed",
            "Brooks",
        ],
    },
    Country {
        first: &[
            "Niamh", "Ciarán", "Aoife", "Seán", "Rory", "Fiona", "Callum", "Isla", "Hamish", "Róisín", "Declan", "Maeve",
            "Gareth", "Rhiannon", "Alistair",
        ],
        last: &[
            "O'Connor", "O'Brien", "Murphy", "Kelly", "Byrne", "McCarthy", "MacLeod", "Fraser", "Gallagher", "Ní Dhónaill",
            "Llewellyn", "Fitzgerald", "O'Neill", "Sinclair", "Doyle",
        ],
    },
    Country {
        first: &[
            "José", "María", "Lucía", "Santiago", "Valentina", "Diego", "Ximena", "Andrés", "Inés", "Joaquín", "Camila",
            "Ángel", "Renata", "Martín", "Guadalupe",
        ],
        last: &[
            "García", "Rodríguez", "Martínez", "Hernández", "López", "Muñoz", "Núñez", "Peña", "Castañeda", "Ibáñez",
            "Ramírez Ortiz", "Vázquez", "Gómez", "Domínguez", "Solís",
        ],
    },
    Country {
        first: &[
            "João", "Beatriz", "Gonçalo", "Inês", "Thiago", "Letícia", "Vinícius", "Conceição", "Rafael", "Luísa",
            "Caetano", "Júlia", "Otávio", "Mariana", "Antônio",
        ],
        last: &[
            "Silva", "Santos", "Gonçalves", "Araújo", "Conceição", "Magalhães", "Simões", "Guimarães", "Ferreira", "Brandão",
            "Mourão", "Alcântara", "Teixeira", "Nóbrega", "Queirós",
        ],
    },
    Country {
        first: &[
            "François", "Chloé", "Étienne", "Anaïs", "Jérôme", "Zoé", "Benoît", "Hélène", "Loïc", "Margaux", "Noël",
            "Aurélie", "Théo", "Inès", "Gaël",
        ],
        last: &[
            "Lefèvre", "Dubois", "Moreau", "L'Hôpital", "Gauthier", "Deschênes", "Beaulieu", "Rousseau", "d'Aubigné",
            "Lacroix", "Bélanger", "Côté", "Mercier", "Saint-Pierre", "Boulanger",
        ],
    },
    Country {
        first: &[
            "Jürgen", "Anneliese", "Björn", "Käthe", "Matthias", "Sören", "Ulrike", "Heiko", "Franziska", "Götz",
            "Anna-Lena", "Karl-Heinz", "Birgit", "Lennart", "Theresa",
        ],
        last: &[
            "Müller", "Schröder", "Weiß", "Großmann", "Krüger", "Bäcker", "Hößler", "von der Heide", "Schäfer", "Zimmermann",
            "Meyer-Landrut", "Pfäffle", "Köhler", "Vogt", "Jäger",
        ],
    },
    Country {
        first: &[
            "Åsa", "Bjørn", "Søren", "Ingrid", "Jörgen", "Øyvind", "Astrid", "Håkon", "Märta", "Kristín", "Þórunn",
            "Aino", "Väinö", "Lærke", "Freja",
        ],
        last: &[
            "Ångström", "Lindström", "Sjögren", "Nygård", "Sørensen", "Kjær", "Østergaard", "Bergström", "Hämäläinen",
            "Mäkelä", "Virtanen", "Aðalsteins", "Holm", "Håkansson", "Bråten",
        ],
    },
    Country {
        first: &[
            "Łukasz", "Małgorzata", "Zbigniew", "Agnieszka", "Święcisława", "Paweł", "Grażyna", "Stanisław", "Kasia",
            "Michał", "Żaneta", "Wojciech", "Bożena", "Jędrzej", "Halina",
        ],
        last: &[
            "Nowak", "Wójcik", "Mazur", "Kaczmarek", "Wieczorek", "Dąbek", "Szczęsny", "Zając", "Gołąb", "Pawlak", "Wróbel",
            "Źrebiec", "Krawczyk", "Ślusarz", "Sikora",
        ],
    },
    Country {
        first: &[
            "Tomáš", "Jiří", "Zdeněk", "Ondřej", "Štěpán", "Ľuboš", "Győző", "Zsófia", "Ágnes", "Gábor", "Mihály",
            "Ștefan", "Răzvan", "Žarko", "Željka",
        ],
        last: &[
            "Řezníček", "Hruška", "Kovács", "Szabó", "Tóth", "Nagy", "Kőszegi", "Popescu", "Țurcanu", "Đorđević", "Kovačič",
            "Jovanović", "Horvat", "Šimić", "Dragomir",
        ],
    },
    Country {
        first: &[
            "Иван|Ivan", "Дмитрий|Dmitry", "Сергей|Sergey", "Алексей|Alexey", "Андрей|Andrey", "Николай|Nikolay",
            "Юрий|Yury", "Тарас|Taras", "Богдан|Bohdan", "Михаил|Mikhail",
        ],
        last: &[
            "Иванов|Ivanov", "Смирнов|Smirnov", "Кузнецов|Kuznetsov", "Попов|Popov", "Шевченко|Shevchenko",
            "Бондаренко|Bondarenko", "Соколов|Sokolov", "Георгиев|Georgiev", "Петренко|Petrenko", "Щербак|Shcherbak",
        ],
    },
    Country {
        first: &[
            "Анна|Anna", "Ольга|Olga", "Екатерина|Ekaterina", "Наталья|Natalia", "Оксана|Oksana", "Мария|Maria",
            "Светлана|Svetlana", "Ирина|Irina", "Людмила|Lyudmila", "Софія|Sofiia",
        ],
        last: &[
            "Иванова|Ivanova", "Смирнова|Smirnova", "Кузнецова|Kuznetsova", "Попова|Popova", "Шевченко|Shevchenko",
            "Коваленко|Kovalenko", "Соколова|Sokolova", "Петрова|Petrova", "Мельник|Melnyk", "Зайцева|Zaitseva",
        ],
    },
    Country {
        first: &[
            "Γιώργος|Giorgos", "Ελένη|Eleni", "Δημήτρης|Dimitris", "Σοφία|Sofia", "Νίκος|Nikos", "Κατερίνα|Katerina",
            "Ανδρέας|Andreas", "Ιωάννα|Ioanna",
        ],
        last: &[
            "Παπαδάκης|Papadakis", "Αντωνίου|Antoniou", "Γεωργίου|Georgiou", "Νικολάου|Nikolaou", "Παπαϊωάννου|Papaioannou",
            "Χατζής|Chatzis", "Μακρή|Makri", "Δήμου|Dimou",
        ],
    },
    Country {
        first: &[
            "太郎|Taro", "花子|Hanako", "健|Ken", "さくら|Sakura", "美咲|Misaki", "翔太|Shota", "陽菜|Hina", "大輔|Daisuke",
            "結衣|Yui", "拓海|Takumi",
        ],
        last: &[
            "山田|Yamada", "佐藤|Sato", "鈴木|Suzuki", "高橋|Takahashi", "田中|Tanaka", "渡辺|Watanabe", "伊藤|Ito",
            "小林|Kobayashi", "加藤|Kato", "長谷川|Hasegawa",
        ],
    },
    Country {
        first: &[
            "伟|Wei", "芳|Fang", "秀英|Xiuying", "敏|Min", "静|Jing", "建国|Jianguo", "丽华|Lihua", "强|Qiang", "晓明|Xiaoming",
            "雪|Xue",
        ],
        last: &[
            "王|Wang", "李|Li", "张|Zhang", "刘|Liu", "陈|Chen", "杨|Yang", "黄|Huang", "赵|Zhao", "周|Zhou", "欧阳|Ouyang",
        ],
    },
    Country {
        first: &[
            "민준|Minjun", "서연|Seoyeon", "지우|Jiwoo", "하윤|Hayun", "도현|Dohyun", "수빈|Subin", "예은|Yeeun", "현우|Hyunwoo",
        ],
        last: &["김|Kim", "이|Lee", "박|Park", "최|Choi", "정|Jung", "강|Kang", "조|Cho", "윤|Yoon"],
    },
    Country {
        first: &[
            "محمد|Mohammed", "فاطمة|Fatima", "أحمد|Ahmed", "ليلى|Layla", "يوسف|Youssef", "مريم|Maryam", "عمر|Omar",
            "نور|Nour", "خالد|Khalid", "سلمى|Salma",
        ],
        last: &[
            "الحسن|Alhassan", "العلي|Alali", "المصري|Almasri", "حداد|Haddad", "النجار|Alnajjar", "الخطيب|Alkhatib",
            "منصور|Mansour", "الزهراني|Alzahrani", "عبد الله|Abdullah", "بن سعيد|Bensaid",
        ],
    },
    Country {
        first: &["נועם|Noam", "תמר|Tamar", "איתן|Eitan", "שירה|Shira", "יעל|Yael", "אורי|Uri"],
        last: &["כהן|Cohen", "לוי|Levi", "מזרחי|Mizrahi", "פרץ|Peretz", "ביטון|Biton", "בן דוד|Ben-David"],
    },
    Country {
        first: &[
            "Aarav", "Ananya", "Rohan", "Kavya", "Vikram", "Lakshmi", "Arjun", "Sunita", "Harpreet", "Imran", "Deepika",
            "Rajesh", "Meera", "Sanjay", "Nandini",
        ],
        last: &[
            "Sharma", "Patel", "Iyer", "Singh", "Krishnamurthy", "Chatterjee", "Reddy", "Venkataraman", "Kaur", "Khan",
            "Banerjee", "Desai", "Nair", "Subramaniam", "Mehta",
        ],
    },
    Country {
        first: &["अर्जुन|Arjun", "प्रिया|Priya", "राहुल|Rahul", "सीता|Sita", "अमित|Amit", "कविता|Kavita"],
        last: &["शर्मा|Sharma", "वर्मा|Verma", "गुप्ता|Gupta", "मिश्रा|Mishra", "सिंह|Singh", "जोशी|Joshi"],
    },
    Country {
        first: &[
            "Nguyệt", "Đức", "Thảo", "Quốc", "Hương", "Siti", "Budi", "Dewi", "Ratu", "Somchai", "Malee", "Jerome",
            "Maricel", "Thị Hạnh", "Anh",
        ],
        last: &[
            "Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Wijaya", "Santoso", "Hartono", "Suksawat", "Charoensuk", "Dela Cruz",
            "Bautista", "Macaraeg", "Võ", "Hồ",
        ],
    },
    Country {
        first: &[
            "Chukwuemeka", "Ngozi", "Adébáyọ̀", "Folasade", "Kwame", "Akosua", "Thandiwe", "Sipho", "Wanjiru", "Otieno",
            "Fatoumata", "Mamadou", "Zanele", "Abebe", "Chiamaka",
        ],
        last: &[
            "Adeyemi", "Okonkwo", "Ọláìyá", "Mensah", "Asante", "Dlamini", "Nkosi", "Mwangi", "Odhiambo", "Diallo",
            "N'Guessan", "Traoré", "van der Merwe", "Tesfaye", "Eze",
        ],
    },
    Country {
        first: &["Ayşe", "Mehmet", "Gülşah", "Çağla", "Ömer", "İsmail", "Şebnem", "Doğan", "Yıldız", "Emre"],
        last: &["Yılmaz", "Çelik", "Öztürk", "Şahin", "Demirağ", "Güneş", "Kılıç", "Aydın", "Türkoğlu", "Işık"],
    },
    Country {
        first: &["Giulia", "Niccolò", "Alessandro", "Chiara", "Ludovica", "Matteo", "Giosuè", "Daan", "Femke", "Sjoerd"],
        last: &["Rossi", "D'Angelo", "Dell'Acqua", "Esposito", "Lo Presti", "Fabbri", "de Vries", "van 't Hoff", "IJsselstein", "Jansen"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::check::check_name;
    use crate::web::form::Errors;

    #[test]
    fn every_name_is_one_that_the_form_takes_and_spells_an_address() {
        for country in COUNTRIES {
            for (first, last) in
                country.first.iter().flat_map(|first| country.last.iter().map(move |last| (first, last)))
            {
                let name = Name::new(first, last);
                let mut errors = Errors::default();
                check_name(&name.first, &name.last, &mut errors);
                assert!(errors.is_empty(), "{name:?}");
                for latin in [&name.first_latin, &name.last_latin] {
                    assert!(latin.chars().any(|c| c.is_ascii_lowercase()), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn the_longest_name_is_just_short_enough() {
        let longest = SPECIAL.iter().map(|(first, last)| first.chars().count() + last.chars().count()).max();
        assert_eq!(longest, Some(49));
    }
}
