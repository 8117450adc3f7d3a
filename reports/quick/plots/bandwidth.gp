# Draws bandwidth.svg from bandwidth.csv: run `gnuplot bandwidth.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'bandwidth.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured bandwidth against working set" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Working set"
set logscale x 2
set xrange [5792.618751480197:379625062.49700624]
set xtics ('8 KiB' 8192, '32 KiB' 32768, '128 KiB' 131072, '512 KiB' 524288, '2 MiB' 2097152, '8 MiB' 8388608, '32 MiB' 33554432, '128 MiB' 134217728)
set title offset 0,0.5
set tmargin 3.8
set arrow from 32768, graph 0 to 32768, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L1 32 KiB" at 32768, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 524288, graph 0 to 524288, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L2 512 KiB" at 524288, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set logscale y 10
set yrange [2.713606937338404:403.9799696431566]
set ytics ('5' 5.0, '10' 10.0, '20' 20.0, '50' 50.0, '100' 100.0, '200' 200.0)
set ylabel "Bandwidth (GB/s)"
set bmargin 13.7
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'bandwidth.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "busy_rows_256b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "read_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "write_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "random_rows_128b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 5 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "random_rows_256b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 6 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#56B4E9' linewidth 2 pointtype 6 pointsize 0.9 title "random_rows_512b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 7 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#000000' linewidth 2 pointtype 4 pointsize 0.9 title "random_rows_1024b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 8 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#7F7F7F' linewidth 2 pointtype 8 pointsize 0.9 title "random_rows_2048b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 9 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "random_row_pieces_64b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 10 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "random_row_pieces_128b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 11 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "random_row_pieces_256b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 12 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "random_row_pieces_512b_bandwidth, 1 thread", \
  'bandwidth.csv' skip 1 using ($1 == 13 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "read_bandwidth, 2 threads"
