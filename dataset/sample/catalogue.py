"""What the built-in shop sells and to whom: an invented European homeware and outdoor shop, no real brand or person."""

from __future__ import annotations

from dataclasses import dataclass

# category -> subcategory -> (name, price in euro cents); the first of a subcategory sells best.
ASSORTMENT: dict[str, dict[str, tuple[tuple[str, int], ...]]] = {
    "Coffee & Tea": {
        "Coffee": (
            ("Espresso Cup Set", 2490),
            ("Lever Espresso Machine", 18900),
            ("French Press 1 Litre", 3495),
            ("Burr Coffee Grinder", 5990),
            ("Stovetop Moka Pot", 2990),
            ("Pour-Over Dripper", 1895),
            ("Milk Frother", 2295),
            ("Travel Coffee Mug", 1990),
        ),
        "Tea": (
            ("Stoneware Teapot", 3990),
            ("Assam Loose Tea 250 g", 895),
            ("Gooseneck Kettle", 6900),
            ("Tea Infuser Basket", 790),
            ("Glass Tea Mug Pair", 1695),
            ("Bamboo Matcha Whisk", 1290),
            ("Tea Storage Tin", 1195),
        ),
    },
    "Kitchen": {
        "Cookware": (
            ("Cast-Iron Skillet 26 cm", 4990),
            ("Skillet Handle Cover", 995),
            ("Enamel Dutch Oven", 11900),
            ("Steel Saucepan 2 Litre", 4495),
            ("Carbon Steel Wok", 5490),
            ("Roasting Tin", 2795),
            ("Pasta Pot with Strainer", 6490),
            ("Stand Mixer", 32900),
        ),
        "Kitchen Tools": (
            ("Chef's Knife 20 cm", 6995),
            ("Oak Chopping Board", 3290),
            ("Silicone Spatula Pair", 990),
            ("Digital Kitchen Scale", 2490),
            ("Marble Pestle and Mortar", 3595),
            ("Box Grater", 1495),
            ("Pepper Mill", 2900),
        ),
    },
    "Tableware": {
        "Dinnerware": (
            ("Stoneware Dinner Plate", 1290),
            ("Stoneware Pasta Bowl", 1195),
            ("Porcelain Breakfast Set", 7990),
            ("Serving Platter", 3490),
            ("Stoneware Dinner Service 16 Pieces", 14900),
            ("Ramekin Set", 1795),
            ("Salad Bowl in Acacia", 3695),
            ("Egg Cup Pair", 890),
        ),
        "Glass & Cutlery": (
            ("Water Glass", 595),
            ("Wine Glass Pair", 1990),
            ("Cutlery Set 24 Pieces", 8990),
            ("Glass Carafe", 2495),
            ("Linen Napkin Pair", 1590),
            ("Steak Knife Set", 4990),
            ("Cheese Knife", 1195),
        ),
    },
    "Bed & Bath": {
        "Bedding": (
            ("Linen Duvet Cover", 11900),
            ("Linen Pillowcase Pair", 3990),
            ("Merino Throw", 8990),
            ("Percale Fitted Sheet", 3495),
            ("Down Pillow", 6900),
            ("Quilted Bedspread", 12995),
            ("All-Season Duvet", 15900),
            ("Wool Mattress Topper", 24900),
        ),
        "Bath": (
            ("Waffle Bath Towel", 2495),
            ("Hand Towel Pair", 1690),
            ("Olive Oil Soap", 490),
            ("Cotton Bath Mat", 2295),
            ("Cotton Bathrobe", 6495),
            ("Linen Laundry Basket", 3900),
            ("Teak Bath Stool", 7990),
        ),
    },
    "Light & Decor": {
        "Lamps": (
            ("Paper Pendant Lamp", 3990),
            ("Brass Desk Lamp", 8900),
            ("Rechargeable Table Lamp", 5995),
            ("Oak Floor Lamp", 17900),
            ("Linen Lampshade", 2990),
            ("String Lights 10 m", 1995),
            ("Ceramic Wall Lamp", 7490),
            ("Glass Chandelier", 39900),
        ),
        "Decor": (
            ("Beeswax Pillar Candle", 995),
            ("Ceramic Bud Vase", 1490),
            ("Scented Candle Cedar", 1895),
            ("Oak Picture Frame", 1795),
            ("Jute Rug 120 x 180", 9995),
            ("Round Wall Mirror", 10900),
            ("Woven Storage Basket", 2390),
        ),
    },
    "Garden": {
        "Growing": (
            ("Vegetable Seed Collection", 990),
            ("Galvanised Watering Can", 2995),
            ("Terracotta Pot 24 cm", 1495),
            ("Bypass Secateurs", 2490),
            ("Raised Bed in Larch", 12900),
            ("Cold Frame", 8995),
            ("Hand Trowel", 1190),
            ("Leather Garden Gloves", 1995),
        ),
        "Garden Living": (
            ("Outdoor Cushion", 2490),
            ("Folding Garden Chair", 6990),
            ("Fire Bowl", 9900),
            ("Kettle Barbecue", 19900),
            ("Acacia Garden Bench", 27900),
            ("Hammock", 7495),
            ("Bird Feeder", 1790),
        ),
    },
    "Camping": {
        "Shelter & Sleep": (
            ("Two-Person Tent", 15900),
            ("Three-Season Sleeping Bag", 8990),
            ("Inflatable Sleeping Mat", 5495),
            ("Four-Person Family Tent", 34900),
            ("Tarp 3 x 3 m", 4990),
            ("Camping Pillow", 1795),
            ("Tent Peg Set", 895),
            ("Fleece Sleeping Liner", 2490),
        ),
        "Camp Kitchen & Light": (
            ("Insulated Bottle 0.75 Litre", 2490),
            ("Rechargeable Head Torch", 3495),
            ("Gas Camping Stove", 3990),
            ("Titanium Spork", 890),
            ("Enamel Camping Mug", 1090),
            ("Camping Lantern", 2995),
            ("Cool Box 24 Litre", 7900),
        ),
    },
    "Outdoor Wear": {
        "Clothing": (
            ("Merino Base Layer", 5995),
            ("Waterproof Jacket", 14900),
            ("Fleece Pullover", 6490),
            ("Hiking Trousers", 7990),
            ("Wool Hiking Socks", 1695),
            ("Packable Down Vest", 9900),
            ("Rain Trousers", 5490),
            ("Sun Hat", 2490),
        ),
        "Footwear & Packs": (
            ("Light Hiking Boots", 13900),
            ("Daypack 22 Litre", 6995),
            ("Trail Running Shoes", 10900),
            ("Trekking Pole Pair", 5900),
            ("Trekking Backpack 50 Litre", 16900),
            ("Gaiters", 3290),
            ("Waterproof Dry Bag", 1595),
        ),
    },
}
OUTDOOR = ("Garden", "Camping", "Outdoor Wear")


@dataclass(frozen=True, slots=True)
class Product:
    """One product; price and cost in cents; rank 0 sells best in its subcategory."""

    name: str
    category: str
    subcategory: str
    rank: int
    price: int
    cost: int


def products() -> tuple[Product, ...]:
    """The assortment in its own order; the product with index i has the id i + 1. Costs are 38 to 62 % of the price."""
    listed = [
        (name, category, subcategory, rank, price)
        for category, parts in ASSORTMENT.items()
        for subcategory, goods in parts.items()
        for rank, (name, price) in enumerate(goods)
    ]
    return tuple(Product(*row, cost=row[-1] * (38 + 7 * i % 25) // 100) for i, row in enumerate(listed))


PRODUCTS = products()
CATEGORIES = tuple(ASSORTMENT)
SUBCATEGORIES = tuple((part, category) for category, parts in ASSORTMENT.items() for part in parts)

# country, state, city, postal code, latitude, longitude, share of the shop's people in thousandths.
CITIES = (
    ("Germany", "Berlin", "Berlin", "10115", 52.532, 13.385, 90),
    ("Germany", "Hamburg", "Hamburg", "20095", 53.551, 10.001, 62),
    ("Germany", "Bayern", "München", "80331", 48.135, 11.575, 70),
    ("Germany", "Nordrhein-Westfalen", "Köln", "50667", 50.938, 6.957, 58),
    ("Germany", "Sachsen", "Leipzig", "04109", 51.341, 12.374, 34),
    ("Germany", "Baden-Württemberg", "Freiburg", "79098", 47.996, 7.849, 26),
    ("France", "Île-de-France", "Paris", "75011", 48.859, 2.378, 74),
    ("France", "Auvergne-Rhône-Alpes", "Lyon", "69002", 45.753, 4.828, 48),
    ("France", "Pays de la Loire", "Nantes", "44000", 47.218, -1.553, 30),
    ("France", "Occitanie", "Toulouse", "31000", 43.604, 1.444, 28),
    ("Netherlands", "Noord-Holland", "Amsterdam", "1012", 52.374, 4.891, 56),
    ("Netherlands", "Zuid-Holland", "Rotterdam", "3011", 51.921, 4.482, 38),
    ("Netherlands", "Utrecht", "Utrecht", "3511", 52.091, 5.119, 26),
    ("Austria", "Wien", "Wien", "1010", 48.208, 16.373, 50),
    ("Austria", "Steiermark", "Graz", "8010", 47.071, 15.441, 24),
    ("Austria", "Tirol", "Innsbruck", "6020", 47.268, 11.393, 16),
    ("Italy", "Lombardia", "Milano", "20121", 45.472, 9.188, 46),
    ("Italy", "Piemonte", "Torino", "10121", 45.070, 7.687, 22),
    ("Italy", "Alto Adige", "Bolzano", "39100", 46.499, 11.354, 14),
    ("Spain", "Cataluña", "Barcelona", "08001", 41.380, 2.168, 34),
    ("Spain", "Madrid", "Madrid", "28001", 40.425, -3.690, 28),
    ("Belgium", "Vlaanderen", "Gent", "9000", 51.054, 3.725, 26),
    ("Belgium", "Bruxelles", "Bruxelles", "1000", 50.847, 4.352, 24),
    ("Denmark", "Hovedstaden", "København", "1050", 55.681, 12.583, 34),
    ("Denmark", "Midtjylland", "Aarhus", "8000", 56.157, 10.211, 14),
    ("Sweden", "Skåne", "Malmö", "21119", 55.605, 13.004, 16),
    ("Poland", "Wielkopolskie", "Poznań", "61-001", 52.406, 16.925, 12),
)
COUNTRIES = tuple(dict.fromkeys(city[0] for city in CITIES))

# Given names with the gender the shop has on file.
GIVEN_NAMES = tuple(
    [(name, "F") for name in (
        "Anna", "Marie", "Sofia", "Emma", "Julia", "Léa", "Chiara", "Lucía", "Freja", "Zofia", "Hanna", "Nora",
        "Amélie", "Giulia", "Carmen", "Fatma", "Aylin", "Leïla", "Ngọc", "Priya", "Amara", "Ingrid", "Saskia",
        "Femke", "Katarzyna", "Elif", "Johanna", "Margaux", "Beatriz", "Astrid", "Mei", "Yara", "Olena", "Clara",
    )]
    + [(name, "M") for name in (
        "Paul", "Jonas", "Lukas", "Hugo", "Matteo", "Pablo", "Daan", "Mads", "Jakub", "Felix", "Emil", "Oskar",
        "Théo", "Lorenzo", "Javier", "Mehmet", "Yusuf", "Karim", "Minh", "Arjun", "Kwame", "Lars", "Sven",
        "Bram", "Tomasz", "Deniz", "Maximilian", "Louis", "Tiago", "Søren", "Wei", "Omar", "Andrii", "Anton",
    )]
)  # fmt: skip
FAMILY_NAMES = (
    "Müller", "Schmidt", "Fischer", "Weber", "Wagner", "Becker", "Hoffmann", "Koch", "Richter", "Wolf",
    "Martin", "Bernard", "Dubois", "Moreau", "Laurent", "Lefèvre", "Roux", "Girard", "de Vries", "Jansen",
    "Bakker", "Visser", "van Dijk", "Gruber", "Huber", "Steiner", "Rossi", "Ferrari", "Bianchi", "Romano",
    "Colombo", "García", "Fernández", "López", "Martínez", "Sánchez", "Peeters", "Janssens", "Jensen",
    "Nielsen", "Hansen", "Sørensen", "Andersson", "Lindberg", "Nowak", "Kowalska", "Wiśniewska", "Yılmaz",
    "Demir", "Kaya", "Nguyễn", "Tran", "Singh", "Patel", "Okafor", "Mensah", "Haddad", "Benali", "Silva",
    "Pereira", "Chen", "Wang", "Kovalenko", "Novák", "Horvat", "Popescu", "Papadopoulos", "Murphy",
)  # fmt: skip
STREETS = (
    "Lindenstraße", "Gartenweg", "Hauptstraße", "Rue des Lilas", "Rue du Marché", "Kerkstraat", "Molenweg",
    "Mühlgasse", "Via Roma", "Via dei Tigli", "Calle Mayor", "Calle del Olivo", "Stationsstraat", "Havnegade",
    "Skolegade", "Storgatan", "Ulica Polna",
)  # fmt: skip
