/*
 * text/label.c - see label.h. Labels are compared without case and without - _ . : and spaces, so
 * one word stands for "ISO_8859-1:1987" and "iso8859-1-1987" alike. The search is a plain one: the
 * whole table is five kilobytes.
 */
#include <string.h>

#include "base/slice.h"
#include "text/label.h"

#define LABEL_MAX 40

/* clang-format off */
const struct assay_label_charset assay_label_charsets[] = {
	{ "utf-8", NULL, ASSAY_LABEL_UTF8,
	    " cp65001 csutf8 unicode11utf8 unicode20utf8 utf utf8 utf8mb4 "
	    "xunicode20utf8 xutf8 " },
	{ "us-ascii", NULL, ASSAY_LABEL_ASCII,
	    " 7bit ansix34 ansix341968 ansix341986 ascii cp367 csascii ibm367 "
	    "iso646irv1991 iso646us isoir6 us usascii xascii " },
	{ "utf-16", NULL, ASSAY_LABEL_UTF16,
	    " csunicode csutf16 iso10646ucs2 ucs2 unicode utf16 " },
	{ "utf-16le", NULL, ASSAY_LABEL_UTF16LE,
	    " ucs2le unicodelittle utf16le xutf16le " },
	{ "utf-16be", NULL, ASSAY_LABEL_UTF16BE,
	    " ucs2be unicodebig unicodefffe utf16be xutf16be " },
	{ "utf-32", NULL, ASSAY_LABEL_UTF32,
	    " csucs4 iso10646ucs4 ucs4 utf32 " },
	{ "utf-32le", NULL, ASSAY_LABEL_UTF32LE,
	    " ucs4le utf32le " },
	{ "utf-32be", NULL, ASSAY_LABEL_UTF32BE,
	    " ucs4be utf32be " },
	{ "utf-7", "UTF-7", ASSAY_LABEL_MULTI,
	    " cp65000 csunicode11utf7 csutf7 unicode11utf7 unicode20utf7 utf7 "
	    "xunicode11utf7 xunicode20utf7 " },
	{ "iso-2022-jp", NULL, ASSAY_LABEL_ISO2022,
	    " cp50220 cp50221 cp50222 csiso2022jp csiso2022jp2 iso2022jp iso2022jp1 "
	    "iso2022jp2 iso2022jp2004 iso2022jp3 iso2022jpms jis xiso2022jp " },
	{ "iso-2022-kr", NULL, ASSAY_LABEL_ISO2022,
	    " cp50225 csiso2022kr iso2022kr " },
	{ "iso-2022-cn", NULL, ASSAY_LABEL_ISO2022,
	    " cp50227 iso2022cn iso2022cnext " },
	{ "hz-gb-2312", NULL, ASSAY_LABEL_HZ,
	    " cp52936 hz hzgb hzgb2312 xhz " },
	{ "windows-1252", "CP1252", ASSAY_LABEL_SINGLE,
	    " 1252 88591 ansi ansix3110 ansix31101983 cp1252 cp28591 cp819 "
	    "csisolatin1 ibm819 iso8859 iso88591 iso885911987 iso88591windows1252 "
	    "isoir100 isolatin isolatin1 l1 latin latin1 ms western westerniso88591 "
	    "win1252 windows1252 windows1252http windows28591 xansi xcp1252 xlatin1 " },
	{ "windows-1250", "CP1250", ASSAY_LABEL_SINGLE,
	    " 1250 cp1250 win1250 windows1250 xcp1250 " },
	{ "windows-1251", "CP1251", ASSAY_LABEL_SINGLE,
	    " 1251 cp1251 win1251 windows1251 xcp1251 " },
	{ "windows-1253", "CP1253", ASSAY_LABEL_SINGLE,
	    " 1253 cp1253 win1253 windows1253 xcp1253 " },
	{ "windows-1254", "CP1254", ASSAY_LABEL_SINGLE,
	    " 1254 cp1254 cp28599 csisolatin5 iso88599 iso885991989 isoir148 l5 "
	    "latin5 win1254 windows1254 xcp1254 " },
	{ "windows-1255", "CP1255", ASSAY_LABEL_MULTI,
	    " cp1255 win1255 windows1255 xcp1255 " },
	{ "windows-1256", "CP1256", ASSAY_LABEL_SINGLE,
	    " cp1256 win1256 windows1256 xcp1256 " },
	{ "windows-1257", "CP1257", ASSAY_LABEL_SINGLE,
	    " cp1257 win1257 windows1257 xcp1257 " },
	{ "windows-1258", "CP1258", ASSAY_LABEL_MULTI,
	    " cp1258 win1258 windows1258 xcp1258 " },
	{ "windows-874", "CP874", ASSAY_LABEL_SINGLE,
	    " cp874 dos874 ibm874 iso885911 iso8859112001 thai tis620 tis6200 "
	    "tis62025291 tis62025330 win874 windows874 xwindows874 " },
	{ "iso-8859-2", "ISO-8859-2", ASSAY_LABEL_SINGLE,
	    " cp28592 csisolatin2 iso88592 iso885921987 isoir101 l2 latin2 " },
	{ "iso-8859-3", "ISO-8859-3", ASSAY_LABEL_SINGLE,
	    " csisolatin3 iso88593 iso885931988 isoir109 l3 latin3 " },
	{ "iso-8859-4", "ISO-8859-4", ASSAY_LABEL_SINGLE,
	    " csisolatin4 iso88594 iso885941988 isoir110 l4 latin4 " },
	{ "iso-8859-5", "ISO-8859-5", ASSAY_LABEL_SINGLE,
	    " cp28595 csisolatincyrillic cyrillic iso88595 iso885951988 isoir144 " },
	{ "iso-8859-6", "ISO-8859-6", ASSAY_LABEL_SINGLE,
	    " arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 "
	    "iso88596 iso885961987 iso88596e iso88596i isoir127 " },
	{ "iso-8859-7", "ISO-8859-7", ASSAY_LABEL_SINGLE,
	    " cp28597 csisolatingreek ecma118 elot928 greek greek8 iso88597 "
	    "iso885971987 isoir126 suneugreek " },
	{ "iso-8859-8", "ISO-8859-8", ASSAY_LABEL_SINGLE,
	    " cp28598 cp38598 csiso88598e csiso88598i csisolatinhebrew hebrew "
	    "iso88598 iso885981988 iso88598e iso88598i isoir138 logical visual " },
	{ "iso-8859-10", "ISO-8859-10", ASSAY_LABEL_SINGLE,
	    " csisolatin6 iso885910 iso8859101992 isoir157 l6 latin6 " },
	{ "iso-8859-13", "ISO-8859-13", ASSAY_LABEL_SINGLE,
	    " iso885913 latin7 " },
	{ "iso-8859-14", "ISO-8859-14", ASSAY_LABEL_SINGLE,
	    " iso885914 l8 latin8 " },
	{ "iso-8859-15", "ISO-8859-15", ASSAY_LABEL_SINGLE,
	    " cp28605 csisolatin9 iso885915 l9 latin0 latin9 " },
	{ "iso-8859-16", "ISO-8859-16", ASSAY_LABEL_SINGLE,
	    " iso885916 l10 latin10 " },
	{ "koi8-r", "KOI8-R", ASSAY_LABEL_SINGLE,
	    " cp20866 cskoi8r koi koi8 koi8r " },
	{ "koi8-u", "KOI8-U", ASSAY_LABEL_SINGLE,
	    " cp21866 koi8ru koi8u " },
	{ "macintosh", "MACINTOSH", ASSAY_LABEL_SINGLE,
	    " cp10000 csmacintosh mac macintosh macroman xmacroman " },
	{ "x-mac-cyrillic", "MAC-CYRILLIC", ASSAY_LABEL_SINGLE,
	    " maccyrillic xmaccyrillic xmacukrainian " },
	{ "x-mac-ce", "MAC-CENTRALEUROPE", ASSAY_LABEL_SINGLE,
	    " macce maccentraleurope xmacce xmaccentraleurroman " },
	{ "ibm437", "IBM437", ASSAY_LABEL_SINGLE,
	    " 437 cp437 cspc8codepage437 dos437 ibm437 " },
	{ "ibm850", "IBM850", ASSAY_LABEL_SINGLE,
	    " 850 cp850 cspc850multilingual dos850 ibm850 " },
	{ "ibm852", "IBM852", ASSAY_LABEL_SINGLE,
	    " 852 cp852 cspcp852 ibm852 " },
	{ "ibm855", "IBM855", ASSAY_LABEL_SINGLE,
	    " 855 cp855 ibm855 " },
	{ "ibm857", "IBM857", ASSAY_LABEL_SINGLE,
	    " 857 cp857 ibm857 " },
	{ "ibm858", "IBM858", ASSAY_LABEL_SINGLE,
	    " cp858 ibm00858 ibm858 " },
	{ "ibm860", "IBM860", ASSAY_LABEL_SINGLE,
	    " 860 cp860 ibm860 " },
	{ "ibm862", "IBM862", ASSAY_LABEL_SINGLE,
	    " 862 cp862 dos862 ibm862 " },
	{ "ibm866", "IBM866", ASSAY_LABEL_SINGLE,
	    " 866 cp866 csibm866 dos866 ibm866 " },
	{ "ibm037", "IBM037", ASSAY_LABEL_SINGLE,
	    " cp037 ebcdiccpus ibm037 " },
	{ "ibm500", "IBM500", ASSAY_LABEL_SINGLE,
	    " cp500 ebcdiccpbe ibm500 " },
	{ "tcvn", "TCVN", ASSAY_LABEL_MULTI,
	    " tcvn tcvn35712 tcvn5712 tcvn57121 tcvn571211993 xviettcvn5712 " },
	{ "viscii", "VISCII", ASSAY_LABEL_SINGLE,
	    " csviscii viscii viscii111 xvietviscii xviscii " },
	{ "hp-roman8", "HP-ROMAN8", ASSAY_LABEL_SINGLE,
	    " cshproman8 hproman8 r8 roman8 " },
	{ "armscii-8", "ARMSCII-8", ASSAY_LABEL_SINGLE,
	    " armscii8 " },
	{ "georgian-ps", "GEORGIAN-PS", ASSAY_LABEL_SINGLE,
	    " georgianps " },
	{ "koi8-t", "KOI8-T", ASSAY_LABEL_SINGLE,
	    " koi8t " },
	{ "gb18030", "GB18030", ASSAY_LABEL_MULTI,
	    " 936 chinese cngb cp54936 cp936 csgb2312 csgbk csiso58gb231280 euccn gb "
	    "gb18030 gb180302000 gb180302005 gb2312 gb23121980 gb231280 gbk isoir58 "
	    "ms936 simplifiedchinese win936 windows936 xeuccn xgbk zhcn " },
	{ "big5", "BIG5-HKSCS", ASSAY_LABEL_MULTI,
	    " 950 big5 big5eten big5hkscs big5hkscs2004 cnbig5 cp950 csbig5 ms950 "
	    "traditionalchinese windows950 xbig5 xxbig5 zhtw " },
	{ "shift_jis", "CP932", ASSAY_LABEL_MULTI,
	    " 932 cp932 csshiftjis cswindows31j jp ms932 mskanji shiftjis sjis "
	    "sjiswin ssjis win932 windows31j windows932 xmscp932 xshiftjis xsjis " },
	{ "euc-jp", "EUC-JP-MS", ASSAY_LABEL_MULTI,
	    " cp51932 cseucpkdfmtjapanese euc eucjp eucjpms eucjpwin ujis xeuc xeucjp " },
	{ "euc-kr", "UHC", ASSAY_LABEL_MULTI,
	    " 949 cp51949 cp949 cseuckr csksc56011987 euckr isoir149 korean kr ks "
	    "ksc5601 ksc56011987 ksc56011989 kscx5601 ksx1001 ms949 uhc windows949 "
	    "xeuckr xwindows949 " },
	{ "johab", "JOHAB", ASSAY_LABEL_MULTI,
	    " cp1361 johab ksc5601johab ms1361 " },
	{ "euc-tw", "EUC-TW", ASSAY_LABEL_MULTI,
	    " cp51950 euctw xeuctw " },
};
/* clang-format on */

const size_t assay_label_count = sizeof assay_label_charsets / sizeof assay_label_charsets[0];

/* squeeze - the label as the table has it, blanks around it; false when it is too long or holds
 * foreign bytes */
static bool squeeze(struct assay_slice s, char text[LABEL_MAX])
{
	size_t n = 0;

	text[n++] = ' ';
	for (size_t i = 0; i < s.n; i++) {
		const int c = (unsigned char)s.p[i];

		if (c == '*' && n > 1)
			break;
		if (strchr("-_.: \t\r\n\"'()+", c) != NULL && c != '\0')
			continue;
		if (!assay_ascii_is_alnum(c) || n + 2 >= LABEL_MAX)
			return false;
		text[n++] = (char)assay_ascii_lower(c);
	}
	text[n++] = ' ';
	text[n] = '\0';
	return n > 2;
}

/* assay_label_find - the charset a label means */
const struct assay_label_charset *assay_label_find(struct assay_slice label)
{
	char text[LABEL_MAX];

	if (label.p == NULL || !squeeze(label, text))
		return NULL;
	for (size_t i = 0; i < assay_label_count; i++)
		if (strstr(assay_label_charsets[i].labels, text) != NULL)
			return &assay_label_charsets[i];
	return NULL;
}
