/*
 * Rules that choose workers, as in stoQ: name this directory in [yara] dispatch_rules and yara in
 * [core] dispatchers. meta plugin = "a,b" sends the payload to these workers, save = "false"
 * keeps it out of the archive.
 */

rule mail_inside_something_else
{
	meta:
		plugin = "smtp"
	strings:
		$received = /(^|\n)Received: from [^\r\n]{1,200}\r?\n[ \t]/
		$from = /\nFrom: [^\r\n]{1,200}/
		$mime = /\nMIME-Version: 1\.0/ nocase
	condition:
		filesize < 1MB and $received in (0..1024) and $from and $mime
}

rule signature_image
{
	meta:
		save = "false"
	condition:
		filesize < 4KB and (uint32be(0) == 0x89504e47 or uint32be(0) == 0x47494638)
}
