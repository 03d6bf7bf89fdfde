#include "src/cli/hint_options.h"

namespace avocet {

void AddHintOptions(CLI::App* command, SchemaHints* hints) {
  command->add_option("--time-field", hints->time_field,
                      "The field with the event time, instead of a guess");
  CLI::Option* field = command->add_option("--device-field", hints->device_field,
                                           "The field that names the device, instead of a guess");
  command
      ->add_option("--device", hints->device_constant,
                   "The name of the only device, when no field names it")
      ->excludes(field);
}

}  // namespace avocet
