/*
 * A few rules to begin with. Every *.yar and *.yara file in this directory is used by the yara
 * worker; put your own files beside this one, or name others in [yara] rules.
 */

rule eicar_test_file
{
	meta:
		description = "the EICAR anti-virus test file; harmless"
		reference = "https://www.eicar.org/download-anti-malware-testfile/"
	strings:
		$a = "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
	condition:
		$a
}

rule script_behind_document_name : suspicious
{
	meta:
		description = "a name like invoice.pdf.js: a script that looks like a document"
	condition:
		filename matches /\.(pdf|docx?|xlsx?|pptx?|jpe?g|png|txt|zip)[ _]*\.(js|jse|vbs|vbe|wsf|wsh|hta|cmd|bat|ps1|scr|lnk|exe|com|pif)$/i
}

rule office_autorun_macro : suspicious
{
	meta:
		description = "an OLE document with a macro that runs when it is opened"
	strings:
		$vba = "Attribut\x00e VB_" ascii
		$auto1 = "AutoOpen" nocase
		$auto2 = "Document_Open" nocase
		$auto3 = "Workbook_Open" nocase
		$auto4 = "AutoExec" nocase
	condition:
		uint32(0) == 0xe011cfd0 and $vba and any of ($auto*)
}

rule html_smuggling : suspicious
{
	meta:
		description = "HTML that builds a file in the browser and has it saved"
	strings:
		$tag = "<script" nocase
		$blob = "new Blob(" nocase
		$save1 = ".msSaveOrOpenBlob" nocase
		$save2 = ".download" nocase
		$url = "createObjectURL" nocase
	condition:
		$tag and $blob and $url and any of ($save*)
}
