/*
 * Programs that are hidden in something else. The question mark: only where that plugin is loaded.
 */

rule program_in_base64
{
	meta:
		plugin = "b64decode?"
	strings:
		$stub = "This program cannot be run in DOS mode" base64
	condition:
		filesize < 50MB and $stub
}

rule program_behind_xor
{
	meta:
		plugin = "xordecode?"
	strings:
		$stub = "This program cannot be run in DOS mode" xor(0x01-0xff)
	condition:
		filesize < 50MB and $stub
}
