# The walls: each room's headers are reached through a directory of their own, so that giving a
# target one room never gives it another. `#include "base/arena.h"` works where the room `base`
# was granted, and nowhere else.
set(ASSAY_WALLS ${CMAKE_BINARY_DIR}/walls)

# assay_wall(NAME DIR) - let "NAME/x.h" mean DIR/x.h, for those who are granted NAME
function(assay_wall name dir)
    file(MAKE_DIRECTORY ${ASSAY_WALLS}/${name})
    file(CREATE_LINK ${dir} ${ASSAY_WALLS}/${name}/${name} SYMBOLIC)
    add_library(room_${name} INTERFACE)
    target_include_directories(room_${name} INTERFACE ${ASSAY_WALLS}/${name})
endfunction()

# assay_room(NAME SOURCES... GRANTS rooms...) - a static library that sees the granted rooms only
function(assay_room name)
    cmake_parse_arguments(ARG "" "" "SOURCES;GRANTS;LIBS" ${ARGN})
    add_library(assay_${name} STATIC ${ARG_SOURCES})
    foreach(room IN LISTS ARG_GRANTS)
        target_link_libraries(assay_${name} PRIVATE room_${room})
    endforeach()
    target_link_libraries(assay_${name} PUBLIC room_${name} PRIVATE ${ARG_LIBS})
endfunction()

assay_wall(base ${CMAKE_SOURCE_DIR}/core/base)
assay_wall(text ${CMAKE_SOURCE_DIR}/core/text)
assay_wall(mail ${CMAKE_SOURCE_DIR}/smtp/mail)
assay_wall(smtp ${CMAKE_SOURCE_DIR}/smtp)
assay_wall(core ${CMAKE_SOURCE_DIR}/core)
assay_wall(assay ${CMAKE_SOURCE_DIR}/core/include/assay)
assay_wall(bloom ${CMAKE_SOURCE_DIR}/bloom)
assay_wall(mta ${CMAKE_SOURCE_DIR}/milter)

# assay_plugin(NAME SOURCES... GRANTS rooms... LINK static rooms and libraries...)
# A module built into build/plugins/, loaded by the host with dlopen and only when configured. The
# same objects are also the static library assay_plugin_NAME, for unit tests (`rooms: plugin_NAME`).
function(assay_plugin name)
    cmake_parse_arguments(ARG "" "" "SOURCES;GRANTS;LINK" ${ARGN})
    add_library(plugin_${name}_objects OBJECT ${ARG_SOURCES})
    foreach(room IN LISTS ARG_GRANTS)
        target_link_libraries(plugin_${name}_objects PRIVATE room_${room})
    endforeach()
    target_link_libraries(plugin_${name}_objects PRIVATE room_assay ${ARG_LINK})
    target_include_directories(plugin_${name}_objects PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

    add_library(assay_plugin_${name} STATIC EXCLUDE_FROM_ALL
        $<TARGET_OBJECTS:plugin_${name}_objects>)
    target_include_directories(assay_plugin_${name} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(assay_plugin_${name} PUBLIC room_assay ${ARG_LINK})

    if(NOT TARGET assay_command) # no host to link with yet
        return()
    endif()
    add_library(plugin_${name} MODULE $<TARGET_OBJECTS:plugin_${name}_objects>)
    set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
        LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
    target_link_libraries(plugin_${name} PRIVATE assay ${ARG_LINK})
    if(NOT ASSAY_SANITIZE)
        target_link_options(plugin_${name} PRIVATE -Wl,-z,defs)
    endif()
    install(TARGETS plugin_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/assay/plugins)
endfunction()
