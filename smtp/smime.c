/*
 * smime - content of CMS SignedData; see smime.h
 *
 * PEM or DER in, the embedded content out. OpenSSL's error queue is emptied before we return, so
 * that nothing of one mail is seen by the next.
 */
#include <openssl/bio.h>
#include <openssl/pem.h> /* before cms.h, which looks for it */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/buf.h"
#include "base/slice.h"

#include "smime.h"

/* parse - the structure, from DER or PEM; NULL when it is none */
static CMS_ContentInfo *parse(struct assay_slice in)
{
	CMS_ContentInfo *cms;
	BIO *bio;

	if (in.n == 0 || in.n > INT32_MAX)
		return NULL;
	bio = BIO_new_mem_buf(in.p, (int)in.n);
	if (bio == NULL)
		return NULL;
	if (assay_slice_starts(in, "-----BEGIN"))
		cms = PEM_read_bio_CMS(bio, NULL, NULL, NULL);
	else
		cms = d2i_CMS_bio(bio, NULL);
	BIO_free(bio);
	return cms;
}

/* open_signed - the content of a SignedData */
static enum assay_smime_kind open_signed(CMS_ContentInfo *cms, struct assay_buf *out)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);
	int n;

	if (content == NULL || *content == NULL)
		return ASSAY_SMIME_DETACHED;
	n = ASN1_STRING_length(*content);
	if (n > 0)
		assay_buf_add(out, ASN1_STRING_get0_data(*content), (size_t)n);
	return ASSAY_SMIME_SIGNED;
}

/* assay_smime_open - what it is, and its content */
enum assay_smime_kind assay_smime_open(struct assay_slice der, struct assay_buf *content)
{
	CMS_ContentInfo *cms = parse(der);
	enum assay_smime_kind kind = ASSAY_SMIME_NONE;

	if (cms != NULL) {
		int nid = OBJ_obj2nid(CMS_get0_type(cms));

		if (nid == NID_pkcs7_signed)
			kind = open_signed(cms, content);
		else if (nid == NID_pkcs7_enveloped || nid == NID_id_smime_ct_authEnvelopedData)
			kind = ASSAY_SMIME_ENCRYPTED;
		else
			kind = ASSAY_SMIME_OTHER;
		CMS_ContentInfo_free(cms);
	}
	ERR_clear_error();
	return kind;
}

/* assay_smime_warm - one parse of nothing useful loads the ASN.1 tables and the error strings */
void assay_smime_warm(void)
{
	struct assay_buf none;

	assay_buf_init(&none, 16);
	(void)assay_smime_open(ASSAY_SLICE_LIT("\x30\x03\x02\x01\x01"), &none);
	assay_buf_release(&none);
}
