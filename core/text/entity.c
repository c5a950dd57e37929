/*
 * text/entity.c - see entity.h. The table is sorted by bytes for a binary search; `bare` names are
 * those that browsers take without a semicolon as well.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/entity.h"
#include "text/utf8.h"

#define NAME_MAX_LEN 22 /* longest name below */
#define BARE_MAX_LEN 6  /* longest bare name */

struct named {
	const char *name;
	uint32_t cp;
	bool bare;
};

/* clang-format off */
static const struct named names[] = {
	{ "AElig", 0xc6, 1 }, { "AMP", 0x26, 1 }, { "Aacute", 0xc1, 1 }, { "Abreve", 0x102, 0 },
	{ "Acirc", 0xc2, 1 }, { "Acy", 0x410, 0 }, { "Afr", 0x1d504, 0 }, { "Agrave", 0xc0, 1 },
	{ "Alpha", 0x391, 0 }, { "Amacr", 0x100, 0 }, { "Aogon", 0x104, 0 },
	{ "Aopf", 0x1d538, 0 }, { "ApplyFunction", 0x2061, 0 }, { "Aring", 0xc5, 1 },
	{ "Ascr", 0x1d49c, 0 }, { "Atilde", 0xc3, 1 }, { "Auml", 0xc4, 1 },
	{ "Backslash", 0x2216, 0 }, { "Bcy", 0x411, 0 }, { "Bernoullis", 0x212c, 0 },
	{ "Beta", 0x392, 0 }, { "Bfr", 0x1d505, 0 }, { "Bopf", 0x1d539, 0 }, { "Breve", 0x2d8, 0 },
	{ "Bscr", 0x212c, 0 }, { "CHcy", 0x427, 0 }, { "COPY", 0xa9, 1 }, { "Cacute", 0x106, 0 },
	{ "CapitalDifferentialD", 0x2145, 0 }, { "Cayleys", 0x212d, 0 }, { "Ccaron", 0x10c, 0 },
	{ "Ccedil", 0xc7, 1 }, { "Ccirc", 0x108, 0 }, { "Cdot", 0x10a, 0 }, { "Cedilla", 0xb8, 0 },
	{ "CenterDot", 0xb7, 0 }, { "Cfr", 0x212d, 0 }, { "Chi", 0x3a7, 0 },
	{ "CloseCurlyDoubleQuote", 0x201d, 0 }, { "CloseCurlyQuote", 0x2019, 0 },
	{ "Copf", 0x2102, 0 }, { "Cscr", 0x1d49e, 0 }, { "DD", 0x2145, 0 }, { "DJcy", 0x402, 0 },
	{ "DScy", 0x405, 0 }, { "DZcy", 0x40f, 0 }, { "Dagger", 0x2021, 0 },
	{ "Dcaron", 0x10e, 0 }, { "Dcy", 0x414, 0 }, { "Delta", 0x394, 0 }, { "Dfr", 0x1d507, 0 },
	{ "DiacriticalAcute", 0xb4, 0 }, { "DiacriticalDot", 0x2d9, 0 },
	{ "DiacriticalDoubleAcute", 0x2dd, 0 }, { "DiacriticalGrave", 0x60, 0 },
	{ "DiacriticalTilde", 0x2dc, 0 }, { "DifferentialD", 0x2146, 0 }, { "Dopf", 0x1d53b, 0 },
	{ "Dot", 0xa8, 0 }, { "DoubleDot", 0xa8, 0 }, { "Dscr", 0x1d49f, 0 },
	{ "Dstrok", 0x110, 0 }, { "ENG", 0x14a, 0 }, { "ETH", 0xd0, 1 }, { "Eacute", 0xc9, 1 },
	{ "Ecaron", 0x11a, 0 }, { "Ecirc", 0xca, 1 }, { "Ecy", 0x42d, 0 }, { "Edot", 0x116, 0 },
	{ "Efr", 0x1d508, 0 }, { "Egrave", 0xc8, 1 }, { "Emacr", 0x112, 0 },
	{ "EmptySmallSquare", 0x25fb, 0 }, { "Eogon", 0x118, 0 }, { "Eopf", 0x1d53c, 0 },
	{ "Epsilon", 0x395, 0 }, { "Escr", 0x2130, 0 }, { "Eta", 0x397, 0 }, { "Euml", 0xcb, 1 },
	{ "ExponentialE", 0x2147, 0 }, { "Fcy", 0x424, 0 }, { "Ffr", 0x1d509, 0 },
	{ "Fopf", 0x1d53d, 0 }, { "Fouriertrf", 0x2131, 0 }, { "Fscr", 0x2131, 0 },
	{ "GJcy", 0x403, 0 }, { "GT", 0x3e, 1 }, { "Gamma", 0x393, 0 }, { "Gammad", 0x3dc, 0 },
	{ "Gbreve", 0x11e, 0 }, { "Gcedil", 0x122, 0 }, { "Gcirc", 0x11c, 0 }, { "Gcy", 0x413, 0 },
	{ "Gdot", 0x120, 0 }, { "Gfr", 0x1d50a, 0 }, { "Gopf", 0x1d53e, 0 },
	{ "Gscr", 0x1d4a2, 0 }, { "HARDcy", 0x42a, 0 }, { "Hacek", 0x2c7, 0 }, { "Hat", 0x5e, 0 },
	{ "Hcirc", 0x124, 0 }, { "Hfr", 0x210c, 0 }, { "HilbertSpace", 0x210b, 0 },
	{ "Hopf", 0x210d, 0 }, { "Hscr", 0x210b, 0 }, { "Hstrok", 0x126, 0 }, { "IEcy", 0x415, 0 },
	{ "IJlig", 0x132, 0 }, { "IOcy", 0x401, 0 }, { "Iacute", 0xcd, 1 }, { "Icirc", 0xce, 1 },
	{ "Icy", 0x418, 0 }, { "Idot", 0x130, 0 }, { "Ifr", 0x2111, 0 }, { "Igrave", 0xcc, 1 },
	{ "Im", 0x2111, 0 }, { "Imacr", 0x12a, 0 }, { "ImaginaryI", 0x2148, 0 },
	{ "InvisibleComma", 0x2063, 0 }, { "InvisibleTimes", 0x2062, 0 }, { "Iogon", 0x12e, 0 },
	{ "Iopf", 0x1d540, 0 }, { "Iota", 0x399, 0 }, { "Iscr", 0x2110, 0 },
	{ "Itilde", 0x128, 0 }, { "Iukcy", 0x406, 0 }, { "Iuml", 0xcf, 1 }, { "Jcirc", 0x134, 0 },
	{ "Jcy", 0x419, 0 }, { "Jfr", 0x1d50d, 0 }, { "Jopf", 0x1d541, 0 }, { "Jscr", 0x1d4a5, 0 },
	{ "Jsercy", 0x408, 0 }, { "Jukcy", 0x404, 0 }, { "KHcy", 0x425, 0 }, { "KJcy", 0x40c, 0 },
	{ "Kappa", 0x39a, 0 }, { "Kcedil", 0x136, 0 }, { "Kcy", 0x41a, 0 }, { "Kfr", 0x1d50e, 0 },
	{ "Kopf", 0x1d542, 0 }, { "Kscr", 0x1d4a6, 0 }, { "LJcy", 0x409, 0 }, { "LT", 0x3c, 1 },
	{ "Lacute", 0x139, 0 }, { "Lambda", 0x39b, 0 }, { "Laplacetrf", 0x2112, 0 },
	{ "Lcaron", 0x13d, 0 }, { "Lcedil", 0x13b, 0 }, { "Lcy", 0x41b, 0 }, { "Lfr", 0x1d50f, 0 },
	{ "Lmidot", 0x13f, 0 }, { "Lopf", 0x1d543, 0 }, { "Lscr", 0x2112, 0 },
	{ "Lstrok", 0x141, 0 }, { "Mcy", 0x41c, 0 }, { "MediumSpace", 0x205f, 0 },
	{ "Mellintrf", 0x2133, 0 }, { "Mfr", 0x1d510, 0 }, { "Mopf", 0x1d544, 0 },
	{ "Mscr", 0x2133, 0 }, { "Mu", 0x39c, 0 }, { "NJcy", 0x40a, 0 }, { "Nacute", 0x143, 0 },
	{ "Ncaron", 0x147, 0 }, { "Ncedil", 0x145, 0 }, { "Ncy", 0x41d, 0 },
	{ "NegativeMediumSpace", 0x200b, 0 }, { "NegativeThickSpace", 0x200b, 0 },
	{ "NegativeThinSpace", 0x200b, 0 }, { "NegativeVeryThinSpace", 0x200b, 0 },
	{ "NewLine", 0xa, 0 }, { "Nfr", 0x1d511, 0 }, { "NoBreak", 0x2060, 0 },
	{ "NonBreakingSpace", 0xa0, 0 }, { "Nopf", 0x2115, 0 }, { "Nscr", 0x1d4a9, 0 },
	{ "Ntilde", 0xd1, 1 }, { "Nu", 0x39d, 0 }, { "OElig", 0x152, 0 }, { "Oacute", 0xd3, 1 },
	{ "Ocirc", 0xd4, 1 }, { "Ocy", 0x41e, 0 }, { "Odblac", 0x150, 0 }, { "Ofr", 0x1d512, 0 },
	{ "Ograve", 0xd2, 1 }, { "Omacr", 0x14c, 0 }, { "Omega", 0x3a9, 0 },
	{ "Omicron", 0x39f, 0 }, { "Oopf", 0x1d546, 0 }, { "OpenCurlyDoubleQuote", 0x201c, 0 },
	{ "OpenCurlyQuote", 0x2018, 0 }, { "Oscr", 0x1d4aa, 0 }, { "Oslash", 0xd8, 1 },
	{ "Otilde", 0xd5, 1 }, { "Ouml", 0xd6, 1 }, { "OverBar", 0x203e, 0 }, { "Pcy", 0x41f, 0 },
	{ "Pfr", 0x1d513, 0 }, { "Phi", 0x3a6, 0 }, { "Pi", 0x3a0, 0 }, { "PlusMinus", 0xb1, 0 },
	{ "Poincareplane", 0x210c, 0 }, { "Popf", 0x2119, 0 }, { "Prime", 0x2033, 0 },
	{ "Pscr", 0x1d4ab, 0 }, { "Psi", 0x3a8, 0 }, { "QUOT", 0x22, 1 }, { "Qfr", 0x1d514, 0 },
	{ "Qopf", 0x211a, 0 }, { "Qscr", 0x1d4ac, 0 }, { "REG", 0xae, 1 }, { "Racute", 0x154, 0 },
	{ "Rcaron", 0x158, 0 }, { "Rcedil", 0x156, 0 }, { "Rcy", 0x420, 0 }, { "Re", 0x211c, 0 },
	{ "Rfr", 0x211c, 0 }, { "Rho", 0x3a1, 0 }, { "Ropf", 0x211d, 0 }, { "Rscr", 0x211b, 0 },
	{ "SHCHcy", 0x429, 0 }, { "SHcy", 0x428, 0 }, { "SOFTcy", 0x42c, 0 },
	{ "Sacute", 0x15a, 0 }, { "Scaron", 0x160, 0 }, { "Scedil", 0x15e, 0 },
	{ "Scirc", 0x15c, 0 }, { "Scy", 0x421, 0 }, { "Sfr", 0x1d516, 0 }, { "Sigma", 0x3a3, 0 },
	{ "Sopf", 0x1d54a, 0 }, { "Sscr", 0x1d4ae, 0 }, { "THORN", 0xde, 1 },
	{ "TRADE", 0x2122, 0 }, { "TSHcy", 0x40b, 0 }, { "TScy", 0x426, 0 }, { "Tab", 0x9, 0 },
	{ "Tau", 0x3a4, 0 }, { "Tcaron", 0x164, 0 }, { "Tcedil", 0x162, 0 }, { "Tcy", 0x422, 0 },
	{ "Tfr", 0x1d517, 0 }, { "Theta", 0x398, 0 }, { "ThinSpace", 0x2009, 0 },
	{ "Topf", 0x1d54b, 0 }, { "Tscr", 0x1d4af, 0 }, { "Tstrok", 0x166, 0 },
	{ "Uacute", 0xda, 1 }, { "Ubrcy", 0x40e, 0 }, { "Ubreve", 0x16c, 0 }, { "Ucirc", 0xdb, 1 },
	{ "Ucy", 0x423, 0 }, { "Udblac", 0x170, 0 }, { "Ufr", 0x1d518, 0 }, { "Ugrave", 0xd9, 1 },
	{ "Umacr", 0x16a, 0 }, { "UnderBar", 0x5f, 0 }, { "Uogon", 0x172, 0 },
	{ "Uopf", 0x1d54c, 0 }, { "Upsi", 0x3d2, 0 }, { "Upsilon", 0x3a5, 0 },
	{ "Uring", 0x16e, 0 }, { "Uscr", 0x1d4b0, 0 }, { "Utilde", 0x168, 0 }, { "Uuml", 0xdc, 1 },
	{ "Vcy", 0x412, 0 }, { "Verbar", 0x2016, 0 }, { "Vert", 0x2016, 0 },
	{ "VerticalBar", 0x2223, 0 }, { "VerticalLine", 0x7c, 0 }, { "VeryThinSpace", 0x200a, 0 },
	{ "Vfr", 0x1d519, 0 }, { "Vopf", 0x1d54d, 0 }, { "Vscr", 0x1d4b1, 0 },
	{ "Wcirc", 0x174, 0 }, { "Wfr", 0x1d51a, 0 }, { "Wopf", 0x1d54e, 0 },
	{ "Wscr", 0x1d4b2, 0 }, { "Xfr", 0x1d51b, 0 }, { "Xi", 0x39e, 0 }, { "Xopf", 0x1d54f, 0 },
	{ "Xscr", 0x1d4b3, 0 }, { "YAcy", 0x42f, 0 }, { "YIcy", 0x407, 0 }, { "YUcy", 0x42e, 0 },
	{ "Yacute", 0xdd, 1 }, { "Ycirc", 0x176, 0 }, { "Ycy", 0x42b, 0 }, { "Yfr", 0x1d51c, 0 },
	{ "Yopf", 0x1d550, 0 }, { "Yscr", 0x1d4b4, 0 }, { "Yuml", 0x178, 0 }, { "ZHcy", 0x416, 0 },
	{ "Zacute", 0x179, 0 }, { "Zcaron", 0x17d, 0 }, { "Zcy", 0x417, 0 }, { "Zdot", 0x17b, 0 },
	{ "ZeroWidthSpace", 0x200b, 0 }, { "Zeta", 0x396, 0 }, { "Zfr", 0x2128, 0 },
	{ "Zopf", 0x2124, 0 }, { "Zscr", 0x1d4b5, 0 }, { "aacute", 0xe1, 1 },
	{ "abreve", 0x103, 0 }, { "acirc", 0xe2, 1 }, { "acute", 0xb4, 1 }, { "acy", 0x430, 0 },
	{ "aelig", 0xe6, 1 }, { "af", 0x2061, 0 }, { "afr", 0x1d51e, 0 }, { "agrave", 0xe0, 1 },
	{ "alefsym", 0x2135, 0 }, { "aleph", 0x2135, 0 }, { "alpha", 0x3b1, 0 },
	{ "amacr", 0x101, 0 }, { "amp", 0x26, 1 }, { "and", 0x2227, 0 }, { "ang", 0x2220, 0 },
	{ "angst", 0xc5, 0 }, { "aogon", 0x105, 0 }, { "aopf", 0x1d552, 0 }, { "apos", 0x27, 0 },
	{ "aring", 0xe5, 1 }, { "ascr", 0x1d4b6, 0 }, { "ast", 0x2a, 0 }, { "asymp", 0x2248, 0 },
	{ "atilde", 0xe3, 1 }, { "auml", 0xe4, 1 }, { "backepsilon", 0x3f6, 0 },
	{ "backprime", 0x2035, 0 }, { "bcy", 0x431, 0 }, { "bdquo", 0x201e, 0 },
	{ "bepsi", 0x3f6, 0 }, { "bernou", 0x212c, 0 }, { "beta", 0x3b2, 0 },
	{ "beth", 0x2136, 0 }, { "bfr", 0x1d51f, 0 }, { "bopf", 0x1d553, 0 },
	{ "bprime", 0x2035, 0 }, { "breve", 0x2d8, 0 }, { "brvbar", 0xa6, 1 },
	{ "bscr", 0x1d4b7, 0 }, { "bsemi", 0x204f, 0 }, { "bsol", 0x5c, 0 }, { "bull", 0x2022, 0 },
	{ "bullet", 0x2022, 0 }, { "cacute", 0x107, 0 }, { "cap", 0x2229, 0 },
	{ "caret", 0x2041, 0 }, { "caron", 0x2c7, 0 }, { "ccaron", 0x10d, 0 },
	{ "ccedil", 0xe7, 1 }, { "ccirc", 0x109, 0 }, { "cdot", 0x10b, 0 }, { "cedil", 0xb8, 1 },
	{ "cent", 0xa2, 1 }, { "centerdot", 0xb7, 0 }, { "cfr", 0x1d520, 0 }, { "chcy", 0x447, 0 },
	{ "chi", 0x3c7, 0 }, { "circ", 0x2c6, 0 }, { "circledR", 0xae, 0 }, { "clubs", 0x2663, 0 },
	{ "colon", 0x3a, 0 }, { "comma", 0x2c, 0 }, { "commat", 0x40, 0 },
	{ "complexes", 0x2102, 0 }, { "cong", 0x2245, 0 }, { "copf", 0x1d554, 0 },
	{ "copy", 0xa9, 1 }, { "copysr", 0x2117, 0 }, { "crarr", 0x21b5, 0 },
	{ "cscr", 0x1d4b8, 0 }, { "cup", 0x222a, 0 }, { "curren", 0xa4, 1 }, { "dArr", 0x21d3, 0 },
	{ "dagger", 0x2020, 0 }, { "daleth", 0x2138, 0 }, { "darr", 0x2193, 0 },
	{ "dash", 0x2010, 0 }, { "dblac", 0x2dd, 0 }, { "dcaron", 0x10f, 0 }, { "dcy", 0x434, 0 },
	{ "dd", 0x2146, 0 }, { "ddagger", 0x2021, 0 }, { "deg", 0xb0, 1 }, { "delta", 0x3b4, 0 },
	{ "dfr", 0x1d521, 0 }, { "diams", 0x2666, 0 }, { "die", 0xa8, 0 }, { "digamma", 0x3dd, 0 },
	{ "div", 0xf7, 0 }, { "divide", 0xf7, 1 }, { "dollar", 0x24, 0 }, { "dopf", 0x1d555, 0 },
	{ "dot", 0x2d9, 0 }, { "dscr", 0x1d4b9, 0 }, { "dstrok", 0x111, 0 }, { "eacute", 0xe9, 1 },
	{ "ecaron", 0x11b, 0 }, { "ecirc", 0xea, 1 }, { "ecy", 0x44d, 0 }, { "edot", 0x117, 0 },
	{ "ee", 0x2147, 0 }, { "efr", 0x1d522, 0 }, { "egrave", 0xe8, 1 }, { "ell", 0x2113, 0 },
	{ "emacr", 0x113, 0 }, { "empty", 0x2205, 0 }, { "emsp", 0x2003, 0 },
	{ "emsp13", 0x2004, 0 }, { "emsp14", 0x2005, 0 }, { "eng", 0x14b, 0 },
	{ "ensp", 0x2002, 0 }, { "eogon", 0x119, 0 }, { "eopf", 0x1d556, 0 }, { "epsi", 0x3b5, 0 },
	{ "epsilon", 0x3b5, 0 }, { "epsiv", 0x3f5, 0 }, { "equals", 0x3d, 0 },
	{ "equiv", 0x2261, 0 }, { "escr", 0x212f, 0 }, { "eta", 0x3b7, 0 }, { "eth", 0xf0, 1 },
	{ "euml", 0xeb, 1 }, { "euro", 0x20ac, 0 }, { "excl", 0x21, 0 }, { "exist", 0x2203, 0 },
	{ "expectation", 0x2130, 0 }, { "exponentiale", 0x2147, 0 }, { "fcy", 0x444, 0 },
	{ "ffilig", 0xfb03, 0 }, { "fflig", 0xfb00, 0 }, { "ffllig", 0xfb04, 0 },
	{ "ffr", 0x1d523, 0 }, { "filig", 0xfb01, 0 }, { "fllig", 0xfb02, 0 },
	{ "fnof", 0x192, 0 }, { "fopf", 0x1d557, 0 }, { "forall", 0x2200, 0 },
	{ "frac12", 0xbd, 1 }, { "frac14", 0xbc, 1 }, { "frac34", 0xbe, 1 },
	{ "frasl", 0x2044, 0 }, { "fscr", 0x1d4bb, 0 }, { "gamma", 0x3b3, 0 },
	{ "gammad", 0x3dd, 0 }, { "gbreve", 0x11f, 0 }, { "gcirc", 0x11d, 0 }, { "gcy", 0x433, 0 },
	{ "gdot", 0x121, 0 }, { "ge", 0x2265, 0 }, { "gfr", 0x1d524, 0 }, { "gimel", 0x2137, 0 },
	{ "gopf", 0x1d558, 0 }, { "grave", 0x60, 0 }, { "gscr", 0x210a, 0 }, { "gt", 0x3e, 1 },
	{ "hArr", 0x21d4, 0 }, { "hairsp", 0x200a, 0 }, { "half", 0xbd, 0 },
	{ "hamilt", 0x210b, 0 }, { "hardcy", 0x44a, 0 }, { "harr", 0x2194, 0 },
	{ "hbar", 0x210f, 0 }, { "hcirc", 0x125, 0 }, { "hearts", 0x2665, 0 },
	{ "hellip", 0x2026, 0 }, { "hfr", 0x1d525, 0 }, { "hopf", 0x1d559, 0 },
	{ "horbar", 0x2015, 0 }, { "hscr", 0x1d4bd, 0 }, { "hslash", 0x210f, 0 },
	{ "hstrok", 0x127, 0 }, { "hybull", 0x2043, 0 }, { "hyphen", 0x2010, 0 },
	{ "iacute", 0xed, 1 }, { "ic", 0x2063, 0 }, { "icirc", 0xee, 1 }, { "icy", 0x438, 0 },
	{ "iecy", 0x435, 0 }, { "iexcl", 0xa1, 1 }, { "ifr", 0x1d526, 0 }, { "igrave", 0xec, 1 },
	{ "ii", 0x2148, 0 }, { "iiota", 0x2129, 0 }, { "ijlig", 0x133, 0 }, { "imacr", 0x12b, 0 },
	{ "image", 0x2111, 0 }, { "imagline", 0x2110, 0 }, { "imagpart", 0x2111, 0 },
	{ "imath", 0x131, 0 }, { "incare", 0x2105, 0 }, { "infin", 0x221e, 0 },
	{ "inodot", 0x131, 0 }, { "int", 0x222b, 0 }, { "integers", 0x2124, 0 },
	{ "iocy", 0x451, 0 }, { "iogon", 0x12f, 0 }, { "iopf", 0x1d55a, 0 }, { "iota", 0x3b9, 0 },
	{ "iquest", 0xbf, 1 }, { "iscr", 0x1d4be, 0 }, { "isin", 0x2208, 0 }, { "it", 0x2062, 0 },
	{ "itilde", 0x129, 0 }, { "iuml", 0xef, 1 }, { "jcirc", 0x135, 0 }, { "jcy", 0x439, 0 },
	{ "jfr", 0x1d527, 0 }, { "jopf", 0x1d55b, 0 }, { "jscr", 0x1d4bf, 0 },
	{ "kappa", 0x3ba, 0 }, { "kappav", 0x3f0, 0 }, { "kcedil", 0x137, 0 }, { "kcy", 0x43a, 0 },
	{ "kfr", 0x1d528, 0 }, { "kgreen", 0x138, 0 }, { "khcy", 0x445, 0 },
	{ "kopf", 0x1d55c, 0 }, { "kscr", 0x1d4c0, 0 }, { "lArr", 0x21d0, 0 },
	{ "lacute", 0x13a, 0 }, { "lagran", 0x2112, 0 }, { "lambda", 0x3bb, 0 },
	{ "lang", 0x27e8, 0 }, { "laquo", 0xab, 1 }, { "larr", 0x2190, 0 }, { "lbrace", 0x7b, 0 },
	{ "lbrack", 0x5b, 0 }, { "lcaron", 0x13e, 0 }, { "lcedil", 0x13c, 0 },
	{ "lceil", 0x2308, 0 }, { "lcub", 0x7b, 0 }, { "lcy", 0x43b, 0 }, { "ldquo", 0x201c, 0 },
	{ "ldquor", 0x201e, 0 }, { "le", 0x2264, 0 }, { "lfloor", 0x230a, 0 },
	{ "lfr", 0x1d529, 0 }, { "lmidot", 0x140, 0 }, { "lopf", 0x1d55d, 0 },
	{ "lowast", 0x2217, 0 }, { "lowbar", 0x5f, 0 }, { "loz", 0x25ca, 0 }, { "lpar", 0x28, 0 },
	{ "lrm", 0x200e, 0 }, { "lsaquo", 0x2039, 0 }, { "lscr", 0x1d4c1, 0 }, { "lsqb", 0x5b, 0 },
	{ "lsquo", 0x2018, 0 }, { "lsquor", 0x201a, 0 }, { "lstrok", 0x142, 0 }, { "lt", 0x3c, 1 },
	{ "macr", 0xaf, 1 }, { "mcy", 0x43c, 0 }, { "mdash", 0x2014, 0 }, { "mfr", 0x1d52a, 0 },
	{ "mho", 0x2127, 0 }, { "micro", 0xb5, 1 }, { "mid", 0x2223, 0 }, { "midast", 0x2a, 0 },
	{ "middot", 0xb7, 1 }, { "minus", 0x2212, 0 }, { "mldr", 0x2026, 0 },
	{ "mopf", 0x1d55e, 0 }, { "mscr", 0x1d4c2, 0 }, { "mu", 0x3bc, 0 }, { "nabla", 0x2207, 0 },
	{ "nacute", 0x144, 0 }, { "napos", 0x149, 0 }, { "naturals", 0x2115, 0 },
	{ "nbsp", 0xa0, 1 }, { "ncaron", 0x148, 0 }, { "ncedil", 0x146, 0 }, { "ncy", 0x43d, 0 },
	{ "ndash", 0x2013, 0 }, { "ne", 0x2260, 0 }, { "nfr", 0x1d52b, 0 }, { "ni", 0x220b, 0 },
	{ "nldr", 0x2025, 0 }, { "nopf", 0x1d55f, 0 }, { "not", 0xac, 1 }, { "notin", 0x2209, 0 },
	{ "nscr", 0x1d4c3, 0 }, { "nsub", 0x2284, 0 }, { "ntilde", 0xf1, 1 }, { "nu", 0x3bd, 0 },
	{ "num", 0x23, 0 }, { "numero", 0x2116, 0 }, { "numsp", 0x2007, 0 }, { "oacute", 0xf3, 1 },
	{ "ocirc", 0xf4, 1 }, { "ocy", 0x43e, 0 }, { "odblac", 0x151, 0 }, { "oelig", 0x153, 0 },
	{ "ofr", 0x1d52c, 0 }, { "ogon", 0x2db, 0 }, { "ograve", 0xf2, 1 }, { "ohm", 0x3a9, 0 },
	{ "oline", 0x203e, 0 }, { "omacr", 0x14d, 0 }, { "omega", 0x3c9, 0 },
	{ "omicron", 0x3bf, 0 }, { "oopf", 0x1d560, 0 }, { "oplus", 0x2295, 0 },
	{ "or", 0x2228, 0 }, { "order", 0x2134, 0 }, { "orderof", 0x2134, 0 }, { "ordf", 0xaa, 1 },
	{ "ordm", 0xba, 1 }, { "oscr", 0x2134, 0 }, { "oslash", 0xf8, 1 }, { "otilde", 0xf5, 1 },
	{ "otimes", 0x2297, 0 }, { "ouml", 0xf6, 1 }, { "para", 0xb6, 1 }, { "part", 0x2202, 0 },
	{ "pcy", 0x43f, 0 }, { "percnt", 0x25, 0 }, { "period", 0x2e, 0 }, { "permil", 0x2030, 0 },
	{ "perp", 0x22a5, 0 }, { "pertenk", 0x2031, 0 }, { "pfr", 0x1d52d, 0 },
	{ "phi", 0x3c6, 0 }, { "phiv", 0x3d5, 0 }, { "phmmat", 0x2133, 0 }, { "pi", 0x3c0, 0 },
	{ "piv", 0x3d6, 0 }, { "planck", 0x210f, 0 }, { "planckh", 0x210e, 0 },
	{ "plankv", 0x210f, 0 }, { "plus", 0x2b, 0 }, { "plusmn", 0xb1, 1 }, { "pm", 0xb1, 0 },
	{ "popf", 0x1d561, 0 }, { "pound", 0xa3, 1 }, { "prime", 0x2032, 0 },
	{ "primes", 0x2119, 0 }, { "prod", 0x220f, 0 }, { "prop", 0x221d, 0 },
	{ "pscr", 0x1d4c5, 0 }, { "psi", 0x3c8, 0 }, { "puncsp", 0x2008, 0 },
	{ "qfr", 0x1d52e, 0 }, { "qopf", 0x1d562, 0 }, { "qprime", 0x2057, 0 },
	{ "qscr", 0x1d4c6, 0 }, { "quaternions", 0x210d, 0 }, { "quest", 0x3f, 0 },
	{ "quot", 0x22, 1 }, { "rArr", 0x21d2, 0 }, { "racute", 0x155, 0 }, { "radic", 0x221a, 0 },
	{ "rang", 0x27e9, 0 }, { "raquo", 0xbb, 1 }, { "rarr", 0x2192, 0 }, { "ratio", 0x2236, 0 },
	{ "rationals", 0x211a, 0 }, { "rbrace", 0x7d, 0 }, { "rbrack", 0x5d, 0 },
	{ "rcaron", 0x159, 0 }, { "rcedil", 0x157, 0 }, { "rceil", 0x2309, 0 },
	{ "rcub", 0x7d, 0 }, { "rcy", 0x440, 0 }, { "rdquo", 0x201d, 0 }, { "rdquor", 0x201d, 0 },
	{ "real", 0x211c, 0 }, { "realine", 0x211b, 0 }, { "realpart", 0x211c, 0 },
	{ "reals", 0x211d, 0 }, { "reg", 0xae, 1 }, { "rfloor", 0x230b, 0 }, { "rfr", 0x1d52f, 0 },
	{ "rho", 0x3c1, 0 }, { "rhov", 0x3f1, 0 }, { "ring", 0x2da, 0 }, { "rlm", 0x200f, 0 },
	{ "ropf", 0x1d563, 0 }, { "rpar", 0x29, 0 }, { "rsaquo", 0x203a, 0 },
	{ "rscr", 0x1d4c7, 0 }, { "rsqb", 0x5d, 0 }, { "rsquo", 0x2019, 0 },
	{ "rsquor", 0x2019, 0 }, { "rx", 0x211e, 0 }, { "sacute", 0x15b, 0 },
	{ "sbquo", 0x201a, 0 }, { "scaron", 0x161, 0 }, { "scedil", 0x15f, 0 },
	{ "scirc", 0x15d, 0 }, { "scy", 0x441, 0 }, { "sdot", 0x22c5, 0 }, { "sect", 0xa7, 1 },
	{ "semi", 0x3b, 0 }, { "setminus", 0x2216, 0 }, { "setmn", 0x2216, 0 },
	{ "sfr", 0x1d530, 0 }, { "shchcy", 0x449, 0 }, { "shcy", 0x448, 0 },
	{ "shortmid", 0x2223, 0 }, { "shy", 0xad, 1 }, { "sigma", 0x3c3, 0 },
	{ "sigmaf", 0x3c2, 0 }, { "sigmav", 0x3c2, 0 }, { "sim", 0x223c, 0 },
	{ "smallsetminus", 0x2216, 0 }, { "smid", 0x2223, 0 }, { "softcy", 0x44c, 0 },
	{ "sol", 0x2f, 0 }, { "sopf", 0x1d564, 0 }, { "spades", 0x2660, 0 },
	{ "sscr", 0x1d4c8, 0 }, { "ssetmn", 0x2216, 0 }, { "straightepsilon", 0x3f5, 0 },
	{ "straightphi", 0x3d5, 0 }, { "strns", 0xaf, 0 }, { "sub", 0x2282, 0 },
	{ "sube", 0x2286, 0 }, { "sum", 0x2211, 0 }, { "sup", 0x2283, 0 }, { "sup1", 0xb9, 1 },
	{ "sup2", 0xb2, 1 }, { "sup3", 0xb3, 1 }, { "supe", 0x2287, 0 }, { "szlig", 0xdf, 1 },
	{ "tau", 0x3c4, 0 }, { "tcaron", 0x165, 0 }, { "tcedil", 0x163, 0 }, { "tcy", 0x442, 0 },
	{ "tfr", 0x1d531, 0 }, { "there4", 0x2234, 0 }, { "theta", 0x3b8, 0 },
	{ "thetasym", 0x3d1, 0 }, { "thetav", 0x3d1, 0 }, { "thinsp", 0x2009, 0 },
	{ "thorn", 0xfe, 1 }, { "tilde", 0x2dc, 0 }, { "times", 0xd7, 1 }, { "topf", 0x1d565, 0 },
	{ "tprime", 0x2034, 0 }, { "trade", 0x2122, 0 }, { "tscr", 0x1d4c9, 0 },
	{ "tscy", 0x446, 0 }, { "tstrok", 0x167, 0 }, { "uArr", 0x21d1, 0 }, { "uacute", 0xfa, 1 },
	{ "uarr", 0x2191, 0 }, { "ubreve", 0x16d, 0 }, { "ucirc", 0xfb, 1 }, { "ucy", 0x443, 0 },
	{ "udblac", 0x171, 0 }, { "ufr", 0x1d532, 0 }, { "ugrave", 0xf9, 1 },
	{ "umacr", 0x16b, 0 }, { "uml", 0xa8, 1 }, { "uogon", 0x173, 0 }, { "uopf", 0x1d566, 0 },
	{ "upsi", 0x3c5, 0 }, { "upsih", 0x3d2, 0 }, { "upsilon", 0x3c5, 0 },
	{ "uring", 0x16f, 0 }, { "uscr", 0x1d4ca, 0 }, { "utilde", 0x169, 0 }, { "uuml", 0xfc, 1 },
	{ "varepsilon", 0x3f5, 0 }, { "varkappa", 0x3f0, 0 }, { "varphi", 0x3d5, 0 },
	{ "varpi", 0x3d6, 0 }, { "varrho", 0x3f1, 0 }, { "varsigma", 0x3c2, 0 },
	{ "vartheta", 0x3d1, 0 }, { "vcy", 0x432, 0 }, { "verbar", 0x7c, 0 }, { "vert", 0x7c, 0 },
	{ "vfr", 0x1d533, 0 }, { "vopf", 0x1d567, 0 }, { "vscr", 0x1d4cb, 0 },
	{ "wcirc", 0x175, 0 }, { "weierp", 0x2118, 0 }, { "wfr", 0x1d534, 0 },
	{ "wopf", 0x1d568, 0 }, { "wp", 0x2118, 0 }, { "wscr", 0x1d4cc, 0 }, { "xfr", 0x1d535, 0 },
	{ "xi", 0x3be, 0 }, { "xopf", 0x1d569, 0 }, { "xscr", 0x1d4cd, 0 }, { "yacute", 0xfd, 1 },
	{ "yacy", 0x44f, 0 }, { "ycirc", 0x177, 0 }, { "ycy", 0x44b, 0 }, { "yen", 0xa5, 1 },
	{ "yfr", 0x1d536, 0 }, { "yopf", 0x1d56a, 0 }, { "yscr", 0x1d4ce, 0 },
	{ "yucy", 0x44e, 0 }, { "yuml", 0xff, 1 }, { "zacute", 0x17a, 0 }, { "zcaron", 0x17e, 0 },
	{ "zcy", 0x437, 0 }, { "zdot", 0x17c, 0 }, { "zeetrf", 0x2128, 0 }, { "zeta", 0x3b6, 0 },
	{ "zfr", 0x1d537, 0 }, { "zhcy", 0x436, 0 }, { "zopf", 0x1d56b, 0 },
	{ "zscr", 0x1d4cf, 0 }, { "zwj", 0x200d, 0 }, { "zwnj", 0x200c, 0 },
};

/* What 128-159 mean: windows-1252, where that has a character. */
static const uint16_t c1[32] = {
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
};
/* clang-format on */

/* by_name - order of names; the key is a slice */
static int by_name(const void *key, const void *row)
{
	const struct assay_slice *k = key;
	const struct named *r = row;
	const int order = strncmp(k->p, r->name, k->n);

	return order != 0 ? order : (r->name[k->n] != '\0' ? -1 : 0);
}

/* lookup - a named reference, or NULL */
static const struct named *lookup(const char *p, size_t n)
{
	const struct assay_slice key = { p, n };

	return bsearch(&key, names, sizeof names / sizeof names[0], sizeof names[0], by_name);
}

/* numeric - &#123; &#x7b; without a semicolon as well */
static size_t numeric(struct assay_slice s, char out[8], size_t *n)
{
	const bool hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	const size_t first = hex ? 3 : 2;
	size_t i = first;
	uint32_t cp = 0;

	for (; i < s.n; i++) {
		const int c = (unsigned char)s.p[i];
		const int digit = hex ? assay_ascii_hex(c) : assay_ascii_is_digit(c) ? c - '0' : -1;

		if (digit < 0)
			break;
		if (cp <= 0x10ffff)
			cp = cp * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (i == first)
		return 0;
	if (cp >= 0x80 && cp < 0xa0)
		cp = c1[cp - 0x80];
	*n = assay_utf8_encode(cp != 0 ? cp : 0xfffd, out);
	return i < s.n && s.p[i] == ';' ? i + 1 : i;
}

/* assay_entity_match - the reference at the front of s */
size_t assay_entity_match(struct assay_slice s, bool attribute, char out[8], size_t *n)
{
	const struct named *found = NULL;
	size_t run = 1, len;

	*n = 0;
	if (s.n > 1 && s.p[1] == '#')
		return numeric(s, out, n);
	while (run < s.n && run <= NAME_MAX_LEN && assay_ascii_is_alnum((unsigned char)s.p[run]))
		run++;
	len = run - 1;
	if (run < s.n && s.p[run] == ';' && (found = lookup(s.p + 1, len)) != NULL) {
		*n = assay_utf8_encode(found->cp, out);
		return run + 1;
	}
	for (len = len < BARE_MAX_LEN ? len : BARE_MAX_LEN; len >= 2; len--) {
		found = lookup(s.p + 1, len);
		if (found == NULL || !found->bare)
			continue;
		/* A query string in an attribute is more likely than a reference. */
		if (attribute && len + 1 < s.n &&
		    (s.p[len + 1] == '=' || assay_ascii_is_alnum((unsigned char)s.p[len + 1])))
			return 0;
		*n = assay_utf8_encode(found->cp, out);
		return len + 1;
	}
	return 0;
}

/* assay_entity_decode - all references of a text */
bool assay_entity_decode(struct assay_slice s, bool attribute, struct assay_buf *out)
{
	while (s.n > 0) {
		const size_t plain = assay_slice_find(s, '&');
		size_t used, n;
		char c[8];

		if (!assay_buf_add(out, s.p, plain))
			return false;
		s = assay_slice_from(s, plain);
		if (s.n == 0)
			break;
		used = assay_entity_match(s, attribute, c, &n);
		if (!(used > 0 ? assay_buf_add(out, c, n) : assay_buf_add_char(out, '&')))
			return false;
		s = assay_slice_from(s, used > 0 ? used : 1);
	}
	return true;
}
