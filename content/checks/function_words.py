"""Words that give a language away. They are looked for in replies, never said."""

# fmt: off
#: Nearly every Indonesian sentence has one of these.
INDONESIAN = frozenset((
    "yang", "dan", "di", "ke", "dari", "untuk", "pada", "dengan", "atau", "tidak", "ini", "itu", "ada", "akan",
    "sudah", "belum", "bisa", "boleh", "bila", "kalau", "jika", "saya", "kami", "kita", "anda", "apa", "siapa",
    "berapa", "mana", "juga", "lagi", "saja", "dulu", "oleh", "agar", "supaya", "karena", "sebagai", "dalam",
    "setelah", "sebelum", "sampai", "bukan", "jangan", "mohon", "silakan", "maaf", "terima", "kasih", "halo",
    "selamat", "baik", "ya", "pilih", "tulis", "mau", "hanya", "semua", "satu", "dua", "tiga", "nama", "nomor",
    "hari", "bulan", "tahun", "iuran", "daftar", "desa", "petugas", "kantor", "program", "dasar", "contoh", "kartu",
    "uang", "biaya", "gratis",
))
#: Two of these make a reply suspect.
ENGLISH = frozenset((
    "the", "and", "your", "you", "please", "with", "from", "this", "that", "for", "are", "is", "have", "will",
    "click", "here", "of", "to", "be", "been", "was", "were", "our", "their", "not", "can", "should", "would",
    "what", "when", "where", "how", "welcome", "thank", "thanks", "sorry", "yes", "contact", "choose", "enter",
    "select",
))
#: One of these is enough.
PLAINLY_ENGLISH = frozenset(("the", "your", "please", "you", "and"))
