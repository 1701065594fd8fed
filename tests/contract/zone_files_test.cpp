// The zones of the machine, and a folder of our own that changes.
#include "adapters/system/zone_files.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

namespace orchestrator {
namespace {

using testing::HasSubstr;

TEST(zone_files, of_the_machine_know_spain) {
    system::zone_files zones;
    for (const auto* name :
         {"Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta", "UTC", "Etc/GMT+3", "America/Port-au-Prince"}) {
        const auto found = zones.find(name);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ((*found)->name(), name);
    }
    EXPECT_EQ(*zones.find("Europe/Madrid"), *zones.find("Europe/Madrid")) << "read once";
}

TEST(zone_files, name_a_near_zone_when_there_is_none) {
    system::zone_files zones;
    for (const auto* wrong : {"Europe/Madird", "europe/madrid", "Europe/Madri"}) {
        const auto refused = zones.find(wrong);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, errc::invalid_argument);
        EXPECT_THAT(refused.error().message, HasSubstr("is unknown; did you mean Europe/Madrid?")) << wrong;
    }
    EXPECT_THAT(zones.find("Nowhere/At_All_Whatsoever").error().message, HasSubstr("such as Europe/Madrid"));
}

TEST(zone_files, never_lead_out_of_their_folder) {
    system::zone_files zones;
    for (const auto* name : {"", "/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Madrid", "Europe/",
                             "Europe//Madrid", "zone.tab", "Europe"})
        EXPECT_FALSE(zones.find(name)) << name;
    EXPECT_FALSE(zones.find(std::string(1'000'000, 'x')));
}

TEST(zone_files, are_read_anew_when_they_change) {
    const auto folder = std::filesystem::temp_directory_path() / ("zones_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::filesystem::path source{"/usr/share/zoneinfo"}, file = folder / "Bakery";
    std::filesystem::copy_file(source / "Europe/Madrid", file);
    system::zone_files zones{folder};
    const auto before = *zones.find("Bakery");
    std::filesystem::copy_file(source / "Atlantic/Canary", file, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::seconds{1});
    const auto after = *zones.find("Bakery");
    EXPECT_NE(*before, *after);
    std::ofstream{file} << "nonsense";
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::seconds{2});
    EXPECT_THAT(zones.find("Bakery").error().message, HasSubstr("time zone \"Bakery\""));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace orchestrator
