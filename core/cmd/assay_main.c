/*
 * core/cmd/assay_main.c - main(); everything is in libassay, so that the command and the plugins
 * share one copy of it
 */
#include <assay/types.h>

ASSAY_API int assay_cmd_main(int argc, char **argv);

/* main - see core/cmd/main.c */
int main(int argc, char **argv)
{
	return assay_cmd_main(argc, argv);
}
